import Hypervisor
import Logging

/// Logs what changes from one collection to the next: one line when something breaks, and one when it works again.
struct CollectionLog: Sendable {
    private var stuck: [DomainUUID: DomainID] = [:]
    private var failing: [DomainUUID: HypervisorError] = [:]
    private var isHanging = false

    /// A collection ended.
    mutating func note(_ snapshot: Snapshot, _ findings: SharedFindings.Findings, _ logger: Logger) {
        logger.debug(
            "collected",
            metadata: [
                "up": "\(snapshot.isUp)", "domains": "\(snapshot.domains.count)", "duration": "\(snapshot.duration)",
                "passed_over": "\(snapshot.passedOver)",
            ]
        )
        if findings.isHanging != isHanging {
            if findings.isHanging {
                logger.warning("the hypervisor does not answer; its connections are abandoned")
            } else if snapshot.isUp {
                logger.info("the hypervisor answers again")
            }
            if findings.isHanging || snapshot.isUp { isHanging = findings.isHanging }
        }
        guard snapshot.isUp else { return }
        noteObstacles(snapshot, logger)
        noteFailures(snapshot, findings, logger)
    }

    private mutating func noteObstacles(_ snapshot: Snapshot, _ logger: Logger) {
        var stillStuck: [DomainUUID: DomainID] = [:]
        for sample in snapshot.domains {
            let reason: String
            switch sample.obstacle {
            case .monitor: reason = "its monitor"
            case .hypervisor: reason = "the hypervisor is at work on it"
            case .job, nil: continue
            }
            stillStuck[sample.id.uuid] = sample.id
            guard stuck[sample.id.uuid] == nil else { continue }
            logger.warning("a domain does not answer", metadata: sample.id.metadata(["reason": "\(reason)"]))
        }
        let present = Set(snapshot.domains.map(\.id.uuid))
        for (uuid, id) in stuck.sorted(by: { $0.key < $1.key }) where stillStuck[uuid] == nil {
            logger.info(
                present.contains(uuid) ? "a domain answers again" : "a domain that did not answer has ended",
                metadata: id.metadata()
            )
        }
        stuck = stillStuck
    }

    private mutating func noteFailures(
        _ snapshot: Snapshot,
        _ findings: SharedFindings.Findings,
        _ logger: Logger
    ) {
        var stillFailing: [DomainUUID: HypervisorError] = [:]
        for sample in snapshot.domains {
            guard case .failure(let error)? = findings.readings[sample.id.uuid], error.kind != .unsupported else {
                continue
            }
            stillFailing[sample.id.uuid] = error
            if failing[sample.id.uuid] != error {
                logger.warning(
                    "cannot collect a domain's statistics",
                    metadata: sample.id.metadata(["error": "\(error)"])
                )
            }
        }
        failing = stillFailing
    }
}

extension DomainID {
    fileprivate func metadata(_ further: Logger.Metadata = [:]) -> Logger.Metadata {
        further.merging(["domain": "\(name)", "uuid": "\(uuid)"]) { $1 }
    }
}
