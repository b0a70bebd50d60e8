import HTTPTypes

extension HTTPReply {
    /// The bytes of the head: status line, fields, empty line (RFC 9112, section 4). The body follows as it is.
    ///
    /// A field value cannot split the response: HTTPTypes holds no CR, LF or NUL in one.
    func encodedHead(date: String, persistence: HTTPPersistence) -> [UInt8] {
        var head: [UInt8] = []
        head.reserveCapacity(512)
        head.append(contentsOf: "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n".utf8)
        for field in fields where !Self.fieldsOfTheServer.contains(field.name) {
            head.append(contentsOf: "\(field.name.rawName): \(field.value)\r\n".utf8)
        }
        let length = bodyPieces.reduce(0) { $0 + $1.count }
        head.append(contentsOf: "Date: \(date)\r\nContent-Length: \(length)\r\n".utf8)
        if let connectionField = persistence.connectionField {
            head.append(contentsOf: "Connection: \(connectionField)\r\n".utf8)
        }
        head.append(contentsOf: "\r\n".utf8)
        return head
    }

    /// The fields that a handler has no say in: they frame the message.
    private static let fieldsOfTheServer: [HTTPField.Name] = [.date, .contentLength, .connection, .transferEncoding]
}
