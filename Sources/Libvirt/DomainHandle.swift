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
