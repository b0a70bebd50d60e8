import Hypervisor
import Libvirt
import XML

/// A hypervisor that libvirt reaches.
package struct LibvirtHypervisor: Hypervisor {
    package let address: String

    /// The hypervisor of this address (libvirt.org/uri.html), as `qemu:///system`.
    package init(uri: String) {
        address = uri
    }

    package func open(_ access: Access, name: String) async throws -> any HypervisorSession {
        try await translated {
            let connection: Connection
            do {
                connection = try await Connection.open(address, access: access, name: name)
            } catch let error as LibvirtError where error.isWrongAddress {
                throw HypervisorError(.wrongAddress, call: error.call, code: error.code, message: error.message)
            }
            return LibvirtSession(connection, LibvirtDriver(named: try await connection.driverName()))
        }
    }
}

/// One connection of libvirt's.
final class LibvirtSession: HypervisorSession {
    private let connection: Connection
    private let driver: LibvirtDriver

    init(_ connection: Connection, _ driver: LibvirtDriver) {
        self.connection = connection
        self.driver = driver
    }

    var traits: HypervisorTraits { driver.traits }

    var closed: AsyncStream<Void> { connection.closed }

    func events() async throws -> AsyncStream<DomainEvent> {
        try await translated { try await connection.events() }
    }

    func ping() async throws {
        try await translated { try await connection.ping() }
    }

    func version() async throws -> HypervisorVersion {
        try await translated { try await connection.version() }
    }

    func activeDomains() async throws -> [DomainID] {
        try await translated { try await connection.activeDomains() }
    }

    func configuration(of domain: DomainUUID) async throws -> DomainConfiguration? {
        let text = try await translated { try await connection.domainXML(domain) }
        do {
            let element = try XMLElement(parsing: text)
            // libvirt numbers the domains that run, and no others.
            return element.attributes["id"] == nil ? nil : DomainConfiguration(domain: element)
        } catch {
            throw HypervisorError(.other, call: "virDomainGetXMLDesc", message: "\(error)")
        }
    }

    func memoryLimits(of domain: DomainUUID) async throws -> MemoryLimits {
        try await translated { try await connection.memoryLimits(domain) }
    }

    func records(of domains: [DomainUUID], _ needs: Needs) async throws -> [DomainUUID: DomainReading] {
        try await translated { try await connection.records(of: domains, needs, driver) }
    }

    func monitor(of domain: DomainUUID) async throws -> MonitorState {
        guard driver.hasMonitors else {
            throw HypervisorError(.unsupported, message: "\(traits.name) has no monitors")
        }
        return try await translated { try await connection.monitor(of: domain) }
    }

    func host(with pools: [HostPagePool]) async throws -> HostSample {
        try await translated {
            HostSample(
                memory: try await connection.hostMemory(),
                pages: try await connection.withFreePages(pools)
            )
        }
    }

    func hostPools() async throws -> [HostPagePool] {
        let text = try await translated { try await connection.capabilities() }
        do {
            return HostPagePool.all(inCapabilities: try XMLElement(parsing: text))
        } catch {
            throw HypervisorError(.other, call: "virConnectGetCapabilities", message: "\(error)")
        }
    }

    func setStatisticsPeriod(_ seconds: UInt32, of domain: DomainUUID) async throws {
        try await translated { try await connection.setMemoryStatsPeriod(Int32(clamping: seconds), of: domain) }
    }

    func giveUp() {
        connection.giveUp()
    }

    func close() async {
        await connection.close()
    }
}

extension Connection {
    /// What is needed of these domains, each with its failure. The bulk call comes last: it alone enters monitors.
    fileprivate func records(
        of domains: [DomainUUID],
        _ needs: Needs,
        _ driver: LibvirtDriver
    ) throws(LibvirtError) -> [DomainUUID: DomainReading] {
        var readings: [DomainUUID: DomainReading] = [:]
        var bulk: [DomainUUID] = []
        for domain in domains {
            do throws(LibvirtError) {
                var record = DomainRecord()
                if driver.statistics == .bulk { try know(domain) }
                if needs.contains(.info) {
                    let found = try info(of: domain)
                    (record.state, record.info) = (found.state, found.info)
                }
                if needs.contains(.statistics), driver.statistics == .each {
                    record.statistics = driver.truthful(try memoryStatistics(of: domain))
                }
                readings[domain] = .success(record)
                if needs.contains(.statistics), driver.statistics == .bulk { bulk.append(domain) }
            } catch {
                if error.isConnectionLost { throw error }
                readings[domain] = error.isDomainGone ? nil : .failure(HypervisorError(error))
            }
        }
        guard !bulk.isEmpty else { return readings }
        let found = try statistics(of: bulk)
        let records = Dictionary(found.map { ($0.id.uuid, $0) }) { first, _ in first }
        for domain in bulk {
            guard let record = records[domain], case .success(var reading)? = readings[domain] else {
                readings[domain] = nil
                continue
            }
            reading.state = record.state ?? reading.state
            reading.statistics = driver.truthful(record.statistics)
            reading.wasPassedOver = driver.hasMonitors && record.statistics.rss == nil
            readings[domain] = .success(reading)
        }
        return readings
    }
}

extension HypervisorError {
    init(_ error: LibvirtError) {
        let kind: Kind =
            if error.isConnectionLost {
                .lost
            } else if error.isAccessDenied {
                .deniedForDomain
            } else if error.isPermissionDenied {
                .denied
            } else if error.isUnsupported {
                .unsupported
            } else if error.isDomainGone {
                .gone
            } else {
                .other
            }
        self.init(kind, call: error.call, code: error.code, message: error.message)
    }
}

/// Runs calls of libvirt's, and throws their errors as the hypervisor's.
private func translated<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch let error as LibvirtError {
        throw HypervisorError(error)
    }
}
