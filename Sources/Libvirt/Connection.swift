import CLibvirt
import Hypervisor

/// A connection to a hypervisor (virConnectPtr), with a thread of its own on which all its calls run.
///
/// As an actor it has one caller at a time, which libvirt needs: threads that share a connection can miss their
/// wake-up (libvirt 9.0) or use it after it was freed (CVE-2024-4418). A call blocks this thread and nobody else; whoever
/// cannot wait for it drops the connection, and the connection closes itself when the call comes back.
@safe
package actor Connection {
    private nonisolated let thread: CallThread
    private var pointer: OpaquePointer?
    private let closing: AsyncStream<Void>.Continuation
    let closeSink: Sink<Void>
    var eventCallbacks: [Int32] = []
    var hasCloseCallback = false
    /// The domains that statistics were asked of.
    var knownDomains: [DomainUUID: DomainHandle] = [:]

    /// The connection's own thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe thread.asUnownedSerialExecutor()
    }

    /// Yields when the connection is of no more use: closed by the far end, found dead, or given up.
    package nonisolated let closed: AsyncStream<Void>

    private init(name: String) {
        thread = CallThread(name: name)
        (closed, closing) = AsyncStream.makeStream()
        closeSink = Sink(closing)
    }

    /// Opens a connection; it blocks for as long as libvirtd does not answer, for libvirt has no timeout for it.
    ///
    /// - Parameters:
    ///   - uri: the hypervisor's address, as `qemu:///system`.
    ///   - access: what the connection may do.
    ///   - name: a name for its thread.
    /// - Throws: `LibvirtError` where libvirtd is not there or refuses.
    package static func open(_ uri: String, access: Access, name: String) async throws(LibvirtError) -> Connection {
        EventLoop.start()
        let connection = Connection(name: name)
        try await connection.open(uri, access: access)
        return connection
    }

    /// Five seconds without an answer to a keepalive, and five times so, and the connection counts as dead: a call
    /// that is blocked then fails after interval × (count + 1) = 30 s.
    private static let keepaliveSeconds: Int32 = 5
    private static let keepaliveCount: UInt32 = 5

    private func open(_ uri: String, access: Access) throws(LibvirtError) {
        // The default callback answers from libvirt's auth.conf; without it SASL and polkit agents are not tried
        // (virConnectOpenAuth, virConnectAuthPtrDefault).
        let flags = access == .readOnly ? VIR_CONNECT_RO.rawValue : 0
        guard let opened = unsafe virConnectOpenAuth(uri, clibvirt_auth_from_file(), flags) else {
            var error = LibvirtError.last(in: "virConnectOpenAuth")
            error.isConnectionLost = error.couldBeConnectionLost
            throw error
        }
        unsafe pointer = opened
        // Drivers inside this process have no keepalive and say so; they need none.
        unsafe virConnectSetKeepAlive(opened, Self.keepaliveSeconds, Self.keepaliveCount)
        unsafe watchForClosing(opened)
    }

    isolated deinit {
        // Each keeps the connection open.
        close()
        thread.finish()
    }

    /// Closes the connection; further calls fail.
    package func close() {
        knownDomains = [:]
        guard let pointer = unsafe pointer else { return }
        unsafe self.pointer = nil
        unsafe removeCallbacks(pointer)
        unsafe virConnectClose(pointer)
        closing.finish()
    }

    /// The error of the last call, with whether the connection still stands: libvirtd reports failures of its own by the
    /// same numbers as the client reports a lost connection (virConnectIsAlive tells them apart).
    func lastError(_ call: String) -> LibvirtError {
        var error = LibvirtError.last(in: call)
        if error.couldBeConnectionLost, let pointer = unsafe pointer {
            error.isConnectionLost = unsafe virConnectIsAlive(pointer) != 1
        }
        return error
    }

    /// Asks for an answer that concerns no domain (virConnectGetLibVersion).
    ///
    /// - Throws: `LibvirtError`.
    package func ping() throws(LibvirtError) {
        let call = "virConnectGetLibVersion"
        var version: UInt = 0
        guard unsafe virConnectGetLibVersion(try requireOpen(call), &version) == 0 else { throw lastError(call) }
    }

    /// The driver's name, as `QEMU` (virConnectGetType).
    ///
    /// - Throws: `LibvirtError`.
    package func driverName() throws(LibvirtError) -> String {
        let call = "virConnectGetType"
        guard let name = unsafe virConnectGetType(try requireOpen(call)) else { throw lastError(call) }
        return unsafe String(cString: name)
    }

    /// Says that nobody should use this connection any more, because a call on it failed or does not come back.
    package nonisolated func giveUp() {
        closing.yield()
    }

    func requireOpen(_ call: String) throws(LibvirtError) -> OpaquePointer {
        guard let pointer = unsafe pointer else { throw .notOpen(call) }
        return unsafe pointer
    }

    /// Which hypervisor this is.
    ///
    /// - Throws: `LibvirtError` where not even the driver's name can be read.
    package func version() throws(LibvirtError) -> HypervisorVersion {
        let driver = try driverName()
        let connection = try unsafe requireOpen("virConnectGetVersion")
        var hypervisor: UInt = 0
        var libvirt: UInt = 0
        let knowsHypervisor = unsafe virConnectGetVersion(connection, &hypervisor) == 0 && hypervisor > 0
        let knowsLibvirt = unsafe virConnectGetLibVersion(connection, &libvirt) == 0
        return HypervisorVersion(
            driver: driver,
            hypervisor: knowsHypervisor ? HypervisorVersion.text(of: hypervisor) : nil,
            libvirt: knowsLibvirt ? HypervisorVersion.text(of: libvirt) : nil
        )
    }
}
