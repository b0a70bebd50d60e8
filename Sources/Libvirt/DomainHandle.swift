import CLibvirt

/// One reference to a domain of an open connection (virDomainPtr); given back when nobody holds it any more.
///
/// It is good for as long as its connection, also after the domain has ended: the calls go by its UUID.
@safe
final class DomainHandle {
    let pointer: OpaquePointer

    /// Takes over a reference that the caller owns.
    init(taking pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe virDomainFree(pointer)
    }
}

extension DomainID {
    /// Who the domain of this virDomainPtr is; reads what the library holds already and asks nobody.
    init(_ domain: OpaquePointer) {
        var bytes = [UInt8](repeating: 0, count: Int(VIR_UUID_BUFLEN))
        unsafe virDomainGetUUID(domain, &bytes)
        let name = unsafe virDomainGetName(domain).map { unsafe String(cString: $0) }
        self.init(uuid: DomainUUID(bytes: bytes)!, name: name ?? "")
    }
}
