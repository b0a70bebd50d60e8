import Exposition
import Hypervisor

extension MetricCatalogue {
    /// What the exporter says of libvirt and of itself.
    static let exporterMetrics: [Metric] = [
        .single("libvirt_up", .gauge, help: "Whether libvirt answers, and its list of domains is known.") {
            .whole($0.snapshot.isUp ? 1 : 0)
        },
        Metric(
            name: "libvirt_version_info",
            kind: .info,
            unit: nil,
            help:
                "The hypervisor's driver in libvirt, the hypervisor's version, and that of the libvirt it is reached by.",
            labels: ["driver", "hypervisor", "libvirt"]
        ) { readings in
            guard let version = readings.snapshot.version else { return [] }
            let labels = Labels([
                ("driver", version.driver), ("hypervisor", version.hypervisor ?? ""),
                ("libvirt", version.libvirt ?? ""),
            ])
            return [Sample(labels, .whole(1))]
        },
        Metric(
            name: "libvirt_exporter_build_info",
            kind: .info,
            unit: nil,
            help: "The version of this exporter.",
            labels: ["version"]
        ) { _ in [Sample(Labels([("version", exporterVersion)]), .whole(1))] },
        .single(
            "libvirt_exporter_collection_duration_seconds",
            .gauge,
            unit: "seconds",
            help: "How long libvirt took for the collection that this answer shows."
        ) { .fraction($0.snapshot.duration / .seconds(1)) },
        .single(
            "libvirt_exporter_last_collection_timestamp_seconds",
            .gauge,
            unit: "seconds",
            help: "When the collection that this answer shows ended, in Unix time."
        ) { .fraction($0.snapshot.time) },
        .single(
            "libvirt_exporter_abandoned_calls",
            .gauge,
            help: """
                Calls into libvirt that timed out, were abandoned, and have not returned yet; each holds a worker of \
                libvirtd. At libvirt_exporter_abandoned_calls_limit no further call is made.
                """
        ) { .whole(UInt64($0.calls.abandoned)) },
        .single(
            "libvirt_exporter_abandoned_calls_limit",
            .gauge,
            help: "The largest number of calls under way and abandoned together (--collect.max-abandoned)."
        ) { .whole(UInt64($0.callLimit)) },
        .single(
            "libvirt_exporter_passed_over_domains",
            .gauge,
            help: "Domains that another client's job kept from being asked in this collection, after three retries."
        ) { .whole(UInt64($0.snapshot.passedOver)) },
        .single(
            "libvirt_exporter_reconnects_total",
            .counter,
            help: "Connections to libvirt opened again after one was lost or abandoned."
        ) { .whole($0.calls.reconnects) },
        Metric(
            name: "libvirt_exporter_libvirt_errors_total",
            kind: .counter,
            unit: nil,
            help: "Errors of libvirt's calls by libvirt's number of the error (virErrorNumber).",
            labels: ["code"]
        ) { readings in
            readings.calls.errors.sorted { $0.key < $1.key }
                .map { Sample(Labels([("code", "\($0.key)")]), .whole($0.value)) }
        },
        Metric(
            name: "libvirt_exporter_http_requests_total",
            kind: .counter,
            unit: nil,
            help: "Requests answered, by the status code of the answer.",
            labels: ["code"]
        ) { readings in
            readings.httpRequests.sorted { $0.key < $1.key }
                .map { Sample(Labels([("code", "\($0.key)")]), .whole($0.value)) }
        },
    ]
}
