import Testing

@testable import WebConfiguration

@Suite struct BcryptHashTests {
    /// The first from crypt_blowfish's own tests (openwall.com/crypt), the others made by libxcrypt.
    @Test(arguments: [
        ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
        (hashOfWonder, "wonder"),
        ("$2b$04$abcdefghijklmnopqrstuuetGRvO6QNMBbbIoo5tpQkbPXg26U9Qu", "wonder"),
        ("$2y$05$abcdefghijklmnopqrstuuLZNkQ1VL/QsuI/EN8Qq4Ia5232KBp7m", "wonder"),
        ("$2y$04$abcdefghijklmnopqrstuukUuOOsypX2d6r7fb/YUeaj41c1KQxyu", "pass:word é"),
        ("$2y$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq", ""),
    ])
    func onlyTheRightPasswordIsRight(text: String, password: String) throws {
        let hash = try BcryptHash(text)
        #expect(hash.isHash(of: Array(password.utf8)))
        for wrong in [password + " ", "Wonder", "wonde", "x" + password, text] {
            #expect(!hash.isHash(of: Array(wrong.utf8)), "\(wrong)")
        }
    }

    @Test func itDoesNotShowItself() throws {
        #expect("\(try BcryptHash(hashOfWonder))" == "a bcrypt hash of cost 4")
    }

    @Test func aHashMadeByGoIsCheckedAsGoChecksIt() throws {
        // libxcrypt has other hashes by the name $2a$ for such passwords; Go and OpenBSD have these.
        let password: [UInt8] = [0xFF, 0xA3] + Array("34".utf8) + [0xFF, 0xFF, 0xFF, 0xA3] + Array("345".utf8)
        #expect(try BcryptHash("$2a$05$/OK.fbVrR/bpIqNJ5ianF.o./n25XVfn6oAPaUvHe.Csk4zRfsYPi").isHash(of: password))
        #expect(try !BcryptHash("$2a$05$/OK.fbVrR/bpIqNJ5ianF.ZC1JEJ8Z4gPfpe1JOr/oyPXTWl9EFd.").isHash(of: password))
    }

    @Test func bytesAfterANULCount() throws {
        let hash = try BcryptHash(hashOfWonder)
        #expect(!hash.isHash(of: Array("wonder\0".utf8)))
        #expect(!hash.isHash(of: Array("wonder\0land".utf8)))
        let empty = try BcryptHash("$2y$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq")
        #expect(!empty.isHash(of: [0]))
    }

    @Test func bcryptReadsSeventyTwoBytes() throws {
        let hash = try BcryptHash("$2y$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i")
        #expect(hash.isHash(of: Array(repeating: UInt8(ascii: "x"), count: 72)))
        #expect(hash.isHash(of: Array(repeating: UInt8(ascii: "x"), count: 73)))
        #expect(!hash.isHash(of: Array(repeating: UInt8(ascii: "x"), count: 71)))
        #expect(!hash.isHash(of: Array(repeating: UInt8(ascii: "x"), count: 512)))
    }

    /// In the place of REST stands what follows the cost of a good hash.
    @Test(arguments: [
        "", "$", "wonder", "$1$abc$def", "$2$04$REST", "$2x$04$REST", "$2c$04$REST", "$2Y$04$REST", "$2y$04$RES",
        "$2y$04$RESTA", "$2y$04$REST\n", "$2y$4$REST", "$2y$+4$REST", "$2y$03$REST", "$2y$17$REST", "$2y$31$REST",
        "$2y$99$REST", "$2y$04$*EST", "$2y$04$:EST", "$2y$04$éST", "2y$04$REST", " $2y$04$REST",
    ])
    func aMalformedHashIsRefusedAndNotShown(template: String) throws {
        let rest = hashOfWonder.dropFirst(7)
        let text = template.replacing("REST", with: rest).replacing("RES", with: rest.dropLast())
            .replacing("EST", with: rest.dropFirst()).replacing("ST", with: rest.dropFirst(2))
        let error = try #require(throws: BcryptHashError.self) { try BcryptHash(text) }
        #expect(!error.description.contains("cdefghijkl"))
        #expect(!error.description.isEmpty)
    }
}
