import Testing

@testable import HTTP

@Suite struct ListenAddressTests {
    @Test(
        "An address is read from its text and written the same",
        arguments: [
            (":9177", ListenAddress.anyAddress(port: 9177)),
            (":0", .anyAddress(port: 0)),
            ("0.0.0.0:9177", .host("0.0.0.0", port: 9177)),
            ("127.0.0.1:65535", .host("127.0.0.1", port: 65535)),
            ("[::1]:9177", .host("::1", port: 9177)),
            ("[::]:9177", .host("::", port: 9177)),
            ("[fe80::1%eth0]:9177", .host("fe80::1%eth0", port: 9177)),
            ("localhost:9177", .host("localhost", port: 9177)),
            ("unix:/run/exporter.sock", .unixSocket(path: "/run/exporter.sock")),
            ("unix:a:1", .unixSocket(path: "a:1")),
        ]
    )
    func wellFormed(text: String, address: ListenAddress) throws {
        #expect(try ListenAddress(parsing: text) == address)
        #expect(address.description == text)
    }

    @Test(
        "What is no address is refused by name",
        arguments: [
            "", "9177", "localhost", "localhost:", ":", ":65536", ":-1", ":+1", ":9177 ", ":http", ":٣",
            "::1:9177", "[::1]", "[::1:9177", "::1]:9177", "[]:9177", "[h]:9177", "a b:9177", "a\nb:9177", "unix:",
            "unix:/a\0b",
        ]
    )
    func malformed(text: String) {
        #expect(throws: ListenAddressError(string: text)) { try ListenAddress(parsing: text) }
    }
}
