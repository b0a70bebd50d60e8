import Exposition

extension MetricCatalogue {
    /// The process itself, by the names of Prometheus' guidelines for client libraries ("Process metrics").
    static let processMetrics: [Metric] = [
        .single(
            "process_cpu_seconds_total",
            .counter,
            unit: "seconds",
            help: "CPU time that this exporter has used."
        ) { $0.process.cpuSeconds.map(Sample.Value.fraction) },
        .single(
            "process_start_time_seconds",
            .gauge,
            unit: "seconds",
            help: "When this exporter started, in Unix time."
        ) { $0.process.startTime.map(Sample.Value.fraction) },
        .single(
            "process_resident_memory_bytes",
            .gauge,
            unit: "bytes",
            help: "The resident memory of this exporter."
        ) { $0.process.residentBytes.map(Sample.Value.whole) },
        .single(
            "process_virtual_memory_bytes",
            .gauge,
            unit: "bytes",
            help: "The address space of this exporter."
        ) { $0.process.virtualBytes.map(Sample.Value.whole) },
        .single("process_threads", .gauge, help: "The threads of this exporter.") {
            $0.process.threads.map(Sample.Value.whole)
        },
        .single("process_open_fds", .gauge, help: "The file descriptors that this exporter has open.") {
            $0.process.openDescriptors.map(Sample.Value.whole)
        },
        .single("process_max_fds", .gauge, help: "The most file descriptors that this exporter may have open.") {
            $0.process.maximumDescriptors.map(Sample.Value.whole)
        },
    ]
}
