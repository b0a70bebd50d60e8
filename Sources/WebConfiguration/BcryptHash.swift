import CCrypt
import COpenSSL
import Glibc

/// A password's hash by bcrypt, in the notation of crypt(5): `$2b$`, the cost in two digits, `$`, 22 characters of salt
/// and 31 of the hash.
struct BcryptHash: Sendable, Hashable {
    /// The whole notation, always as `$2b$`.
    ///
    /// `$2a$` and `$2y$` are other tools' names for what `$2b$` does, with one exception: libxcrypt's `$2a$` differs for
    /// some passwords with bytes above 127, so as to be safe with hashes of a flawed implementation. Go's `$2a$`, and
    /// OpenBSD's, are no such hashes.
    private let text: [UInt8]
    /// The logarithm to base 2 of how many rounds it takes.
    let cost: Int

    /// A check at a higher cost takes more than a second.
    private static let costs = 4...16
    private static let length = 60
    private static let hashLength = 31

    /// The longest password, in bytes: crypt(3) refuses longer ones (CRYPT_MAX_PASSPHRASE_SIZE). bcrypt itself reads the
    /// first 72.
    static let maximumPasswordBytes = 511

    /// Reads a hash.
    ///
    /// - Throws: What is wrong with it, without the hash.
    init(_ string: String) throws(BcryptHashError) {
        var bytes = Array(string.utf8)
        guard bytes.first == UInt8(ascii: "$") else { throw .notBcrypt }
        let variant = bytes.prefix(4)
        guard !variant.elementsEqual("$2x$".utf8) else { throw .flawed }
        guard ["$2a$", "$2b$", "$2y$"].contains(where: { variant.elementsEqual($0.utf8) }) else { throw .notBcrypt }
        guard bytes.count == Self.length else { throw .length(bytes.count) }
        guard bytes[6] == UInt8(ascii: "$"), (bytes[4..<6] + bytes[7...]).allSatisfy(Self.isDigit),
            let cost = Int(String(decoding: bytes[4..<6], as: UTF8.self))
        else { throw .malformed }
        guard Self.costs.contains(cost) else { throw .cost(cost) }
        bytes[2] = UInt8(ascii: "b")
        text = bytes
        self.cost = cost
    }

    /// Whether it is this password's hash. This blocks and takes a core, for 46 ms at a cost of 10.
    func isHash(of password: [UInt8]) -> Bool {
        guard password.count <= Self.maximumPasswordBytes, !password.contains(0) else { return false }
        let data = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
        defer {
            // It holds data from which the password can be found.
            explicit_bzero(data, MemoryLayout<crypt_data>.size)
            data.deallocate()
        }
        memset(data, 0, MemoryLayout<crypt_data>.size)
        var phrase = password.map(CChar.init(bitPattern:)) + [0]
        defer { explicit_bzero(&phrase, phrase.count) }
        // A failure is a text that begins with `*`.
        guard let result = crypt_r(phrase, text.map(CChar.init(bitPattern:)) + [0], data),
            result[0] == CChar(bitPattern: UInt8(ascii: "$")), strlen(result) == Self.length
        else { return false }
        // Without the salt, whose last character has bits to spare that crypt(3) clears.
        let start = Self.length - Self.hashLength
        return text.withUnsafeBytes { CRYPTO_memcmp($0.baseAddress! + start, result + start, Self.hashLength) == 0 }
    }

    /// The alphabet of crypt(5).
    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "/"):
            true
        default: false
        }
    }

    /// Its bytes.
    var bytes: [UInt8] { text }
}

extension BcryptHash: CustomStringConvertible {
    /// Not the hash itself.
    var description: String { "a bcrypt hash of cost \(cost)" }
}

/// Why a text is not a bcrypt hash that a password can be checked against.
enum BcryptHashError: Error, CustomStringConvertible {
    case notBcrypt
    case flawed
    case length(Int)
    case malformed
    case cost(Int)

    /// What is wrong, and what would be right; never the text.
    var description: String {
        switch self {
        case .notBcrypt:
            "not a bcrypt hash, which begins with $2b$, $2y$ or $2a$: make one by \"htpasswd -nBC 10 NAME\""
        case .flawed:
            "a $2x$ hash, made by a flawed implementation of bcrypt: make a new one by \"htpasswd -nBC 10 NAME\""
        case .length(let count):
            "cut off or run together: a bcrypt hash has 60 characters, this has \(count)"
        case .malformed:
            "not a bcrypt hash: $2b$ is followed by two digits, $, and 53 letters, digits, dots and slashes"
        case .cost(let cost):
            "a bcrypt hash of cost \(cost): it has to be 4 to 16, and 10 is usual; each step doubles the time of a check"
        }
    }
}
