import Foundation
import Testing

extension EndToEndTests {
    /// A libvirtd that answers, but not soon.
    @Suite struct SlowLibvirtTests {
        @Test func aListThatTakesLongIsWaitedForOnceItIsKnown() async throws {
            try await Testbed.run { testbed in
                let count = 50
                let node = testbed.directory.appending(path: "node.xml")
                let domains = (1...count).map { number in
                    """
                    <domain type='test'><name>domain-\(number)</name><uuid>\(UUID())</uuid><memory>1048576</memory>
                    <os><type>hvm</type></os></domain>
                    """
                }
                try "<node>\(domains.joined())</node>".write(to: node, atomically: true, encoding: .utf8)
                let slow = testbed.directory.appending(path: "slow-sock")
                let libvirtd = testbed.directory.appending(path: "libvirt-sock")
                // With a call for each domain the list takes two and a half seconds.
                _ = try await testbed.start(SlowLine.command(socket: slow, to: libvirtd, delay: 0.025))
                let exporter = try await testbed.startExporter(
                    "--libvirt.uri=test+unix://\(node.path)?socket=\(slow.path)",
                    "--memory-stats.period=0"
                )
                let hasAll: @Sendable () async throws -> Void = {
                    let found = try await exporter.scrape().domains.count
                    try require(found == count, "\(found) of \(count) domains are there")
                }
                try await eventually(within: .seconds(60), hasAll)
                for _ in 1...3 { try await hasAll() }
            }
        }
    }
}
