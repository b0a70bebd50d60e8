import FoundationEssentials
import Testing

@testable import WebConfiguration

@Suite struct BasicCredentialsTests {
    @Test(arguments: ["Basic", "basic", "BASIC", "bAsIc"])
    func theSchemeIsWrittenInAnyCase(scheme: String) {
        let credentials = BasicCredentials(authorization: "\(scheme) YWxpY2U6d29uZGVy")
        #expect(credentials?.user == Array("alice".utf8))
        #expect(credentials?.password == Array("wonder".utf8))
    }

    @Test func theFirstColonEndsTheName() {
        let credentials = BasicCredentials(authorization: "Basic " + Data("a:b:c".utf8).base64EncodedString())
        #expect(credentials?.user == Array("a".utf8))
        #expect(credentials?.password == Array("b:c".utf8))
    }

    @Test func bothAreBytesAndMayBeEmpty() {
        let credentials = BasicCredentials(
            authorization: "Basic " + Data([0xFF, 0x3A, 0xC3, 0x28, 0]).base64EncodedString()
        )
        #expect(credentials?.user == [0xFF])
        #expect(credentials?.password == [0xC3, 0x28, 0])
        #expect(BasicCredentials(authorization: "Basic Og==")?.user == [])
        #expect(BasicCredentials(authorization: "Basic Og==")?.password == [])
    }

    @Test(arguments: [
        "", " ", "Basic", "Basic ", "BasicYWxpY2U6d29uZGVy", "Bearer YWxpY2U6d29uZGVy", "Digest username=\"alice\"",
        "Basic alice:wonder", "Basic YWxpY2U6d29uZGVy YWxpY2U6d29uZGVy", "Basic YWxpY2U6d29uZGV",
        "Basic YWxpY2U6d29uZGVy=", "Basic YWxpY2U", "Basic YWxpY2U=", "Basic ====",
        "Basic YWxpY2U6d29uZGVy, Basic Og==",
        "Basic\u{301} YWxpY2U6d29uZGVy", "Basic é", "Basic -_-_", "Basic\tYWxpY2U6d29uZGVy",
    ])
    func malformedValuesAreRefused(value: String) {
        #expect(BasicCredentials(authorization: value) == nil)
    }
}
