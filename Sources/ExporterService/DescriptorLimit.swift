import Glibc

/// How many descriptors this process may have open (getrlimit(2), RLIMIT_NOFILE).
enum DescriptorLimit {
    /// As many as all connections and libvirt need. A larger limit would cost time: what libvirt starts for a remote
    /// URI, ssh for one, closes each number below it.
    private static let wanted: rlim_t = 1024

    /// The limit, raised where it is lower than wanted and may be raised.
    static func raised() -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return Int(wanted) }
        let former = limit.rlim_cur
        if former < wanted {
            limit.rlim_cur = min(wanted, limit.rlim_max)
            if setrlimit(resource, &limit) != 0 { limit.rlim_cur = former }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
