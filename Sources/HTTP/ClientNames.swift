import COpenSSL
import Glibc

/// The names that a client's certificate may be for: `client_allowed_sans`.
///
/// A DNS name, an e-mail address and a URI have to be the same letter by letter, as in exporter-toolkit; an address has
/// to be the same address, however it is spelt.
struct ClientNames: Sendable, Equatable {
    private var texts: Set<[UInt8]> = []
    private var addresses: Set<[UInt8]> = []

    init(_ names: [String]) {
        for name in names {
            texts.insert(Array(name.utf8))
            for (family, byteCount) in [(AF_INET, 4), (AF_INET6, 16)] {
                var address = [UInt8](repeating: 0, count: byteCount)
                if inet_pton(family, name, &address) == 1 { addresses.insert(address) }
            }
        }
    }

    /// Whether one of the certificate's subject alternative names (RFC 5280, section 4.2.1.6) is among them. The
    /// subject's common name counts for nothing.
    func contain(anyNameOf certificate: OpaquePointer) -> Bool {
        guard let extensionValue = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return false }
        let names = OpaquePointer(extensionValue)
        defer { GENERAL_NAMES_free(names) }
        return (0..<COpenSSL_sk_GENERAL_NAME_num(names)).contains { index in
            guard let name = COpenSSL_sk_GENERAL_NAME_value(names, index) else { return false }
            return switch name.pointee.type {
            case GEN_DNS: texts.contains(bytes(of: name.pointee.d.dNSName))
            case GEN_EMAIL: texts.contains(bytes(of: name.pointee.d.rfc822Name))
            case GEN_URI: texts.contains(bytes(of: name.pointee.d.uniformResourceIdentifier))
            case GEN_IPADD: addresses.contains(bytes(of: name.pointee.d.iPAddress))
            default: false
            }
        }
    }

    /// All of them: a NUL within a name ends nothing.
    private func bytes(of string: UnsafePointer<ASN1_STRING>) -> [UInt8] {
        Array(UnsafeBufferPointer(start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string))))
    }
}
