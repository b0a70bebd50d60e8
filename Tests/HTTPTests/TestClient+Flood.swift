import Foundation
import Glibc

extension TestClient {
    /// Sends one request after another, and reads the answers, on threads of their own until the server ends the
    /// connection.
    func sendWithoutEnd(_ request: String) {
        let file = socket.socket.file.rawValue
        _ = fcntl(file, F_SETFL, fcntl(file, F_GETFL) & ~O_NONBLOCK)
        let requests = Array(String(repeating: request, count: 1000).utf8)
        let (output, input) = (dup(file), dup(file))
        Thread.detachNewThread {
            while Glibc.send(output, requests, requests.count, Int32(MSG_NOSIGNAL)) > 0 {}
            close(output)
        }
        Thread.detachNewThread {
            var bytes = [UInt8](repeating: 0, count: 65536)
            while Glibc.read(input, &bytes, bytes.count) > 0 {}
            close(input)
        }
    }
}
