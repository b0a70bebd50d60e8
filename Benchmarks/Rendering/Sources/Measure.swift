import Glibc

/// What a piece of work took of the machine.
struct Measured {
    var milliseconds: Double
    var peakBytes: Int
}

/// The processor time of all threads of this process, in seconds.
func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The median of the processor time of so many runs, and the most memory that the process held in any of them.
func measured(runs: Int = 7, _ run: () async -> Void) async -> Measured {
    // Linux starts its count of the peak anew (proc(5), clear_refs).
    if let file = fopen("/proc/self/clear_refs", "w") {
        fputs("5", file)
        fclose(file)
    }
    var times: [Double] = []
    for _ in 0..<runs {
        let start = processorTime()
        await run()
        times.append(processorTime() - start)
    }
    return Measured(milliseconds: times.sorted()[runs / 2] * 1000, peakBytes: peakBytes())
}

private func peakBytes() -> Int {
    var text = ""
    if let file = fopen("/proc/self/status", "r") {
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        let count = fread(&bytes, 1, bytes.count, file)
        text = String(decoding: bytes.prefix(count), as: UTF8.self)
        fclose(file)
    }
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(separator: " ").dropFirst().first).flatMap { Int($0) }.map { $0 * 1024 } ?? 0
}
