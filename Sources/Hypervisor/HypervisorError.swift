/// Why a call into a hypervisor failed.
package struct HypervisorError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the failure means to the caller.
    package enum Kind: Hashable, Sendable {
        /// The connection is of no more use.
        case lost
        /// No hypervisor can ever be reached by this address.
        case wrongAddress
        /// The hypervisor does not allow the call on this connection.
        case denied
        /// The hypervisor does not allow the call for this domain; others may be allowed (polkit's fine-grained access).
        case deniedForDomain
        /// The domain has ended, or does not run.
        case gone
        /// The hypervisor has no such call or figure.
        case unsupported
        /// The call took longer than its timeout; it is abandoned.
        case timedOut
        /// The call was not made: an abandoned call about the same domain has not returned.
        case held
        /// The call was not made: as many calls as allowed are under way or abandoned.
        case exhausted
        /// Any other failure.
        case other
    }

    /// What the failure means.
    package let kind: Kind
    /// The call that failed, by its name in the hypervisor's interface.
    package let call: String
    /// The hypervisor's number of the error (virErrorNumber in libvirt); nil where it gave none.
    package let code: Int32?
    /// The hypervisor's words.
    package let message: String

    /// A failure of this kind.
    package init(_ kind: Kind, call: String = "", code: Int32? = nil, message: String) {
        self.kind = kind
        self.call = call
        self.code = code
        self.message = message
    }

    /// The call and the hypervisor's words.
    package var description: String {
        (call.isEmpty ? message : "\(call): \(message)") + (code.map { " (error \($0))" } ?? "")
    }
}
