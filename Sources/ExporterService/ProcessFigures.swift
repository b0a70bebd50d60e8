import FoundationEssentials
import Glibc

/// What Linux says of a process in /proc (proc(5)); what it does not say is nil.
struct ProcessFigures: Hashable, Sendable {
    let cpuSeconds: Double?
    let startTime: Double?
    let residentBytes: UInt64?
    let virtualBytes: UInt64?
    let threads: UInt64?
    let openDescriptors: UInt64?
    let maximumDescriptors: UInt64?

    /// The figures of this process now.
    static func ofThisProcess() -> ProcessFigures {
        func read(_ path: String) -> String { (try? String(contentsOf: URL(filePath: path), encoding: .utf8)) ?? "" }
        return ProcessFigures(
            stat: read("/proc/self/stat"),
            bootTime: bootTime,
            limits: read("/proc/self/limits"),
            openDescriptors: (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map {
                UInt64($0.count)
            },
            ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))),
            pageSize: UInt64(sysconf(Int32(_SC_PAGESIZE)))
        )
    }

    /// When the host booted, in Unix time: a unit with `ProcSubset=pid` has no /proc/stat, whose btime is the same. Found
    /// once, for the clocks drift against each other.
    private static let bootTime: Double = {
        func seconds(_ clock: clockid_t) -> Double {
            var time = timespec()
            clock_gettime(clock, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        return (seconds(CLOCK_REALTIME) - seconds(CLOCK_BOOTTIME)).rounded(.down)
    }()

    /// The figures in the texts of /proc/PID/stat and /proc/PID/limits.
    ///
    /// - Parameter bootTime: when the host booted, in Unix time.
    init(
        stat: String,
        bootTime: Double,
        limits: String,
        openDescriptors: UInt64?,
        ticksPerSecond: Double,
        pageSize: UInt64
    ) {
        // The process' name is in parentheses and may hold anything, spaces and parentheses too; the state follows it
        // as field 3.
        let fields = stat.lastIndex(of: ")").map { stat[stat.index(after: $0)...].split(separator: " ") } ?? []
        func field(_ number: Int) -> UInt64? { fields.indices.contains(number - 3) ? UInt64(fields[number - 3]) : nil }
        func value(of key: String, in text: String) -> Substring? {
            text.split(separator: "\n").first { $0.hasPrefix(key) }?.dropFirst(key.count).split(separator: " ").first
        }

        cpuSeconds = field(14).flatMap { user in field(15).map { Double(user + $0) / ticksPerSecond } }
        threads = field(20)
        startTime = field(22).map { bootTime + Double($0) / ticksPerSecond }
        virtualBytes = field(23)
        residentBytes = field(24).map { $0 * pageSize }
        maximumDescriptors = value(of: "Max open files ", in: limits).flatMap { UInt64($0) }
        self.openDescriptors = openDescriptors
    }
}
