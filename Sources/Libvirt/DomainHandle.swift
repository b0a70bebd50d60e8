import CLibvirt

/// One reference to a domain of an open connection (virDomainPtr); given back when it goes out of scope.
@safe
struct DomainHandle: ~Copyable {
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
