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
    let bytes: [UInt8]
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
        if string.hasPrefix("$2x$") {
            throw .init("a $2x$ hash, made by a flawed implementation of bcrypt: make a new one by \(Self.command)")
        }
        guard let variant = string.prefixMatch(of: /\$2[aby]\$/.matchingSemantics(.unicodeScalar)) else {
            throw .init("not a bcrypt hash, which begins with $2b$, $2y$ or $2a$: make one by \(Self.command)")
        }
        guard string.utf8.count == Self.length else {
            throw .init("incomplete or too long: a bcrypt hash has 60 characters, this has \(string.utf8.count)")
        }
        let rest = string[variant.range.upperBound...]
        let notation = /([0-9]{2})\$[A-Za-z0-9.\/]{53}/.matchingSemantics(.unicodeScalar)
        guard let match = rest.wholeMatch(of: notation), let cost = Int(match.1) else {
            throw .init(
                "not a bcrypt hash: $2b$ is followed by two digits, $, and 53 letters, digits, dots and slashes"
            )
        }
        guard Self.costs.contains(cost) else {
            throw .init(
                "a bcrypt hash of cost \(cost): it has to be 4 to 16, and 10 is usual; each step doubles the time of a check"
            )
        }
        bytes = Array("$2b$\(rest)".utf8)
        self.cost = cost
    }

    private static let command = "\"htpasswd -nBC 10 NAME\""

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
        guard let result = crypt_r(phrase, bytes.map(CChar.init(bitPattern:)) + [0], data),
            result[0] == CChar(bitPattern: UInt8(ascii: "$")), strlen(result) == Self.length
        else { return false }
        // Without the salt, whose last character has bits to spare that crypt(3) clears.
        let start = Self.length - Self.hashLength
        return bytes.withUnsafeBytes { CRYPTO_memcmp($0.baseAddress! + start, result + start, Self.hashLength) == 0 }
    }
}

extension BcryptHash: CustomStringConvertible {
    /// Not the hash itself.
    var description: String { "a bcrypt hash of cost \(cost)" }
}

/// Why a text is not a bcrypt hash that a password can be checked against: what is wrong, and what would be right; never
/// the text.
struct BcryptHashError: Error, CustomStringConvertible {
    let description: String

    fileprivate init(_ description: String) {
        self.description = description
    }
}
