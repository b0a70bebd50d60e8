import Foundation

/// The answer of an HTTP server of this machine to a GET.
struct HTTPResponse: Sendable {
    let status: Int
    /// By their names in lower case.
    let fields: [String: String]
    let body: Data
    /// From the first byte sent to the last one received.
    let duration: Duration

    var text: String { String(decoding: body, as: UTF8.self) }

    static func get(
        port: UInt16,
        path: String,
        fields: [String: String] = [:],
        within limit: Duration = .seconds(30)
    ) async throws -> HTTPResponse {
        let lines = ["GET \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close"]
        let request = (lines + fields.map { "\($0.key): \($0.value)" } + ["", ""]).joined(separator: "\r\n")
        let start = ContinuousClock.now
        let answer = try await offPool {
            let connection = try Connection(port: port)
            try connection.send(Data(request.utf8))
            return try connection.receiveToEnd(within: limit)
        }
        return try HTTPResponse(answer, duration: start.duration(to: .now))
    }

    private init(_ answer: Data, duration: Duration) throws {
        guard let headEnd = answer.firstRange(of: Data("\r\n\r\n".utf8)) else {
            throw TestbedError("no HTTP answer: \(String(decoding: answer, as: UTF8.self))")
        }
        let head = String(decoding: answer[..<headEnd.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let statusLine = head[0].split(separator: " ")
        guard statusLine.count >= 2, statusLine[0] == "HTTP/1.1", let status = Int(statusLine[1]) else {
            throw TestbedError("no HTTP status line: \(head[0])")
        }
        self.status = status
        fields = try Dictionary(
            uniqueKeysWithValues: head.dropFirst().map { line in
                guard let colon = line.firstIndex(of: ":") else { throw TestbedError("no HTTP field: \(line)") }
                let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
                return (line[..<colon].lowercased(), value)
            }
        )
        let rest = answer[headEnd.upperBound...]
        body = fields["transfer-encoding"] == "chunked" ? try Self.joined(chunks: rest) : rest
        self.duration = duration
        if let length = fields["content-length"], length != "\(body.count)" {
            throw TestbedError("Content-Length is \(length), the body has \(body.count) bytes")
        }
    }

    /// Prometheus and Alertmanager send long answers in chunks, each after a line with its length.
    private static func joined(chunks: Data) throws -> Data {
        var rest = chunks
        var body = Data()
        while let lineEnd = rest.firstRange(of: Data("\r\n".utf8)),
            let length = Int(String(decoding: rest[..<lineEnd.lowerBound], as: UTF8.self), radix: 16),
            rest.distance(from: lineEnd.upperBound, to: rest.endIndex) >= length + 2
        {
            if length == 0 { return body }
            body.append(rest[lineEnd.upperBound...].prefix(length))
            rest = rest[lineEnd.upperBound...].dropFirst(length + 2)
        }
        throw TestbedError("the chunks of an answer are broken off")
    }
}
