import COpenSSL
import Glibc

extension TLSContext {
    /// The day on which the server's own certificate expired, as `2026-01-31` in UTC; nil where it is still good. Clients
    /// that verify it come no more.
    var expiry: String? {
        // Not later than now; 0 says that the time cannot be read.
        guard let certificate = SSL_CTX_get0_certificate(handle), let end = X509_get0_notAfter(certificate),
            X509_cmp_current_time(end) < 0
        else { return nil }
        var date = tm()
        guard ASN1_TIME_to_tm(end, &date) == 1 else { return nil }
        let (month, day) = (HTTPDate.padded(Int(date.tm_mon) + 1), HTTPDate.padded(Int(date.tm_mday)))
        return "\(date.tm_year + 1900)-\(month)-\(day)"
    }
}
