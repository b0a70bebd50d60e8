import HTTPTypes
import Testing

@testable import HTTP

@Suite struct HTTPReplyTests {
    private let date = "Sun, 06 Nov 1994 08:49:37 GMT"

    private func head(_ reply: HTTPReply, _ persistence: HTTPPersistence) -> String {
        String(decoding: reply.encodedHead(date: date, persistence: persistence), as: UTF8.self)
    }

    @Test func theHeadHasStatusFieldsDateAndLength() {
        let reply = HTTPReply(status: .ok, fields: [.contentType: "text/plain"], body: Array("hello".utf8))
        #expect(
            head(reply, .keepAlive)
                == "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: \(date)\r\nContent-Length: 5\r\n\r\n"
        )
    }

    @Test func theConnectionFieldAnnouncesWhetherTheConnectionPersists() {
        let reply = HTTPReply(status: .ok)
        #expect(!head(reply, .keepAlive).contains("Connection"))
        #expect(head(reply, .close).contains("\r\nConnection: close\r\n"))
        #expect(head(reply, .keepAliveAnnounced).contains("\r\nConnection: keep-alive\r\n"))
    }

    @Test func aHandlerCannotSetTheFieldsThatFrameTheMessage() {
        let fields: HTTPFields = [
            .date: "never", .contentLength: "99", .connection: "upgrade", .transferEncoding: "chunked",
        ]
        let reply = HTTPReply(status: .ok, fields: fields)
        #expect(head(reply, .keepAlive) == "HTTP/1.1 200 OK\r\nDate: \(date)\r\nContent-Length: 0\r\n\r\n")
    }

    @Test func aFieldValueCannotSplitTheResponse() {
        let reply = HTTPReply(status: .ok, fields: [.location: "/\r\nSet-Cookie: a=b\r\n\r\n<html>"])
        let lines = head(reply, .keepAlive).split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(
            lines.map { $0.prefix { $0 != ":" } } == ["HTTP/1.1 200 OK", "Location", "Date", "Content-Length", "", ""]
        )
    }

    @Test func aReasonPhraseCannotSplitTheResponse() {
        let reply = HTTPReply(status: .init(code: 200, reasonPhrase: "OK\r\nSet-Cookie: a=b"))
        #expect(!head(reply, .keepAlive).contains("\r\nSet-Cookie"))
    }

    @Test func aRefusalIsAShortTextThatBrowsersTakeForText() {
        let reply = HTTPReply.badRequest("The request line is invalid.")
        #expect(reply.status == .badRequest)
        #expect(reply.fields[.contentType] == "text/plain; charset=utf-8")
        #expect(reply.fields[.xContentTypeOptions] == "nosniff")
        #expect(reply.body == Array("The request line is invalid.\n".utf8))
    }

    @Test(
        "Dates are written as RFC 9110 asks",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        ]
    )
    func dates(unixSeconds: Int, text: String) {
        #expect(HTTPDate.string(unixSeconds: unixSeconds) == text)
    }
}
