import CLibvirt

/// What libvirt said when a call failed (virGetLastError), with the name of the call.
package struct LibvirtError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The call that failed, by its name in libvirt's API.
    package let call: String
    /// The error's number (virErrorNumber).
    package let code: Int32
    /// The part of libvirt that raised it (virErrorDomain).
    package let domain: Int32
    /// libvirt's own words.
    package let message: String
    /// Whether the connection is of no more use: libvirtd went away, or was never there.
    package var isConnectionLost = false

    /// An error as libvirt would report it.
    package init(call: String, code: Int32, domain: Int32, message: String, isConnectionLost: Bool = false) {
        self.call = call
        self.code = code
        self.domain = domain
        self.message = message
        self.isConnectionLost = isConnectionLost
    }

    /// The error of the last call on this thread; read it where the call failed, before any other call.
    static func last(in call: String) -> LibvirtError {
        guard let error = unsafe virGetLastError() else {
            return LibvirtError(call: call, code: 0, domain: 0, message: "libvirt gives no reason")
        }
        let message = unsafe error.pointee.message.map { unsafe String(cString: $0) } ?? "libvirt gives no reason"
        return unsafe LibvirtError(
            call: call,
            code: error.pointee.code,
            domain: error.pointee.domain,
            message: message
        )
    }

    /// A call on a connection that has been closed on this side.
    static func notOpen(_ call: String) -> LibvirtError {
        LibvirtError(
            call: call,
            code: Int32(bitPattern: VIR_ERR_INVALID_CONN.rawValue),
            domain: Int32(bitPattern: VIR_FROM_NONE.rawValue),
            message: "the connection is not open",
            isConnectionLost: true
        )
    }

    /// The call's name and libvirt's words.
    package var description: String { "\(call): \(message) (error \(code))" }
}

extension LibvirtError {
    private func isOneOf(_ numbers: virErrorNumber...) -> Bool {
        numbers.contains { Int32(bitPattern: $0.rawValue) == code }
    }

    /// Whether the error may mean a lost connection: a failed system call, a failed RPC, a closed socket, or no reason.
    var couldBeConnectionLost: Bool {
        code == 0 || isOneOf(VIR_ERR_NO_CONNECT, VIR_ERR_INVALID_CONN)
            || (domain == Int32(bitPattern: VIR_FROM_RPC.rawValue)
                && isOneOf(VIR_ERR_SYSTEM_ERROR, VIR_ERR_RPC, VIR_ERR_INTERNAL_ERROR))
    }

    /// An attempt to open failed because no driver takes the address, or it is malformed.
    package var isWrongAddress: Bool { isOneOf(VIR_ERR_NO_CONNECT, VIR_ERR_INVALID_ARG) }

    /// libvirtd denies what was asked for one domain; others may be allowed (polkit's fine-grained access control).
    package var isAccessDenied: Bool { isOneOf(VIR_ERR_ACCESS_DENIED) }

    /// libvirtd does not let us: a read-only connection, a refused authentication, a denied access.
    package var isPermissionDenied: Bool {
        isOneOf(VIR_ERR_OPERATION_DENIED, VIR_ERR_AUTH_FAILED, VIR_ERR_AUTH_UNAVAILABLE, VIR_ERR_ACCESS_DENIED)
    }

    /// The hypervisor's driver, or this libvirt, does not have the call or what was asked of it.
    package var isUnsupported: Bool {
        isOneOf(
            VIR_ERR_NO_SUPPORT,
            VIR_ERR_ARGUMENT_UNSUPPORTED,
            VIR_ERR_OPERATION_UNSUPPORTED,
            VIR_ERR_CONFIG_UNSUPPORTED
        )
    }

    /// The domain has ended, or no longer exists.
    package var isDomainGone: Bool {
        isOneOf(VIR_ERR_NO_DOMAIN, VIR_ERR_OPERATION_INVALID)
    }
}
