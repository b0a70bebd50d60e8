import CLibvirt

/// A connection to a hypervisor (virConnectPtr), with a thread of its own on which all its calls run.
///
/// As an actor it has one caller at a time, which libvirt needs: threads that share a connection can miss their
/// wake-up (libvirt 9.0) or use it after it was freed (CVE-2024-4418). A call blocks this thread and nobody else; whoever
/// cannot wait for it drops the connection, and the connection closes itself when the call comes back.
@safe
public actor Connection {
    /// What the connection may do.
    public enum Access: Sendable {
        /// Read only (virConnectOpenReadOnly): what collecting needs.
        case readOnly
        /// Everything (virConnectOpen): what setting the statistics period needs.
        case readWrite
    }

    private nonisolated let thread: CallThread
    private var pointer: OpaquePointer?
    private let closing: AsyncStream<Void>.Continuation
    let closeSink: Sink<Void>
    var eventCallbacks: [Int32] = []
    var hasCloseCallback = false
    /// The domains that statistics were asked of.
    var knownDomains: [DomainUUID: DomainHandle] = [:]

    /// The connection's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe thread.asUnownedSerialExecutor()
    }

    /// Yields when the connection is of no more use: closed by the far end, found dead, or given up.
    public nonisolated let closed: AsyncStream<Void>

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
    public static func open(_ uri: String, access: Access, name: String) async throws(LibvirtError) -> Connection {
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
        let opened = unsafe access == .readOnly ? virConnectOpenReadOnly(uri) : virConnectOpen(uri)
        guard let opened = unsafe opened else {
            throw .last(in: access == .readOnly ? "virConnectOpenReadOnly" : "virConnectOpen")
        }
        unsafe pointer = opened
        // Drivers inside this process have no keepalive and say so; they need none.
        unsafe virConnectSetKeepAlive(opened, Self.keepaliveSeconds, Self.keepaliveCount)
        unsafe watchForClosing(opened)
    }

    isolated deinit {
        // Each keeps the connection open.
        knownDomains = [:]
        if let pointer = unsafe pointer {
            unsafe removeCallbacks(pointer)
            unsafe virConnectClose(pointer)
        }
        closing.finish()
        thread.finish()
    }

    /// Says that nobody should use this connection any more, because a call on it failed or does not come back.
    public nonisolated func giveUp() {
        closing.yield()
    }

    func requireOpen(_ call: String) throws(LibvirtError) -> OpaquePointer {
        guard let pointer = unsafe pointer else { throw .notOpen(call) }
        return unsafe pointer
    }

    /// Which hypervisor this is.
    ///
    /// - Throws: `LibvirtError` where not even the driver's name can be read.
    public func version() throws(LibvirtError) -> HypervisorVersion {
        let connection = try unsafe requireOpen("virConnectGetType")
        guard let driver = unsafe virConnectGetType(connection) else { throw .last(in: "virConnectGetType") }
        var hypervisor: UInt = 0
        var libvirt: UInt = 0
        let knowsHypervisor = unsafe virConnectGetVersion(connection, &hypervisor) == 0 && hypervisor > 0
        let knowsLibvirt = unsafe virConnectGetLibVersion(connection, &libvirt) == 0
        return unsafe HypervisorVersion(
            driver: String(cString: driver),
            hypervisor: knowsHypervisor ? HypervisorVersion.text(of: hypervisor) : nil,
            libvirt: knowsLibvirt ? HypervisorVersion.text(of: libvirt) : nil
        )
    }
}
