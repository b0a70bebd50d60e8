import COpenSSL
import FlyingSocks
import Foundation

extension TestClient {
    /// Wishes for new keys without end (RFC 8446, section 4.6.3), on a thread of its own, until the server ends the
    /// connection: records that hold nothing of HTTP.
    func updateKeysWithoutEnd() {
        let file = dup(socket.socket.file.rawValue)
        _ = fcntl(file, F_SETFL, fcntl(file, F_GETFL) & ~O_NONBLOCK)
        Thread.detachNewThread {
            let context = SSL_CTX_new(TLS_client_method())
            let session = SSL_new(context)
            SSL_set_fd(session, file)
            var isOpen = SSL_connect(session) == 1
            while isOpen {
                isOpen = SSL_key_update(session, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(session) == 1
            }
            SSL_free(session)
            SSL_CTX_free(context)
            close(file)
        }
    }
}
