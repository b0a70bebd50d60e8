import ArgumentParser
import Collection
import Dispatch
import ExporterService
import FoundationEssentials
import Glibc
import Hypervisor
import LibvirtHypervisor
import Logging

/// The command `libvirt-memory-exporter list`.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the active domains with the memory each has left, the shortest of it first.",
        discussion: "It reads only: no statistics period is set."
    )

    /// How the list is written.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table
        case json
    }

    @Argument(help: "One domain in full: its name, its UUID, or its instance's name in OpenStack.")
    var domain: String?

    @OptionGroup
    var hypervisor: HypervisorOptions

    @OptionGroup
    var connections: ConnectionOptions

    @Option(help: "How it is written: table for people, json for scripts.")
    var format = Format.table

    @Flag(help: "Write it anew every two seconds, until Ctrl-C.")
    var watch = false

    func run() async throws {
        let logger = Logger(label: "list") { _ in OperatorLog(level: .error, format: .logfmt) }
        var watched = HypervisorObserver.Configuration()
        watched.sessions = connections.count
        watched.timeout = Self.timeout
        let observer = HypervisorObserver(LibvirtHypervisor(uri: hypervisor.uri), watched, logger: logger)
        let background = Task { await observer.run() }
        let listing = Task { try await list(observer) }
        let signals = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { listing.cancel() }
            source.resume()
            return source
        }
        let outcome = await listing.result
        for source in signals { source.cancel() }
        await end(background)
        guard !listing.isCancelled else { throw ExitCode(128 + SIGINT) }
        try outcome.get()
    }

    /// Closes the connections, so that libvirtd logs no broken one; where libvirt does not answer it is not waited for.
    private func end(_ background: Task<Void, Never>) async {
        background.cancel()
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        Task {
            await background.value
            end.finish()
        }
        Task {
            try? await Task.sleep(for: .milliseconds(500))
            end.finish()
        }
        for await _ in ends {}
    }

    private func list(_ observer: HypervisorObserver) async throws {
        try await untilConnected(observer)
        let terminal = Terminal()
        repeat {
            let guests = try guests(
                of: await observer.collection.snapshot(of: [.info, .statistics], within: Self.timeout)
            )
            if watch { terminal.clear() }
            print(try text(of: guests, terminal.style), terminator: "")
            fflush(nil)
            if watch { try await Task.sleep(for: .seconds(2)) }
        } while watch
    }

    private static let timeout = Duration.seconds(10)

    /// Waits until the domains and their configurations are known.
    private func untilConnected(_ observer: HypervisorObserver) async throws {
        let deadline = ContinuousClock.now + Self.timeout
        while !observer.inventory.isComplete
            || observer.inventory.domains.values.contains(where: { $0.configuration == nil })
        {
            if let failure = observer.control.failure {
                if failure.kind == .wrongAddress {
                    throw ValidationError("--libvirt.uri \(hypervisor.uri) cannot be opened: \(failure)")
                }
                throw ListError(description: "cannot connect to \(hypervisor.uri): \(failure)")
            }
            guard .now < deadline else {
                guard observer.inventory.isComplete else {
                    let timeout = PrometheusDuration(Self.timeout)
                    throw ListError(description: "cannot connect to \(hypervisor.uri): no answer within \(timeout)")
                }
                return
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private func guests(of snapshot: Snapshot) throws -> [GuestSummary] {
        guard snapshot.isUp else { throw ListError(description: "libvirt at \(hypervisor.uri) does not answer") }
        let guests = GuestSummary.all(in: snapshot)
        guard let domain else { return guests }
        let chosen = guests.filter { $0.isCalled(domain) }
        guard !chosen.isEmpty else { throw ListError(description: "no active domain is called '\(domain)'") }
        return chosen
    }

    private func text(of guests: [GuestSummary], _ style: TerminalStyle) throws -> String {
        switch format {
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(guests), as: UTF8.self).escapingControls + "\n"
        case .table where domain == nil:
            return GuestTable.text(guests, style)
        case .table:
            return guests.map { GuestDetails.text($0, style) }.joined(separator: "\n")
        }
    }
}

/// Why there is no list.
private struct ListError: Error, CustomStringConvertible {
    let description: String
}

/// What standard output is.
private struct Terminal {
    private let isTerminal = isatty(STDOUT_FILENO) == 1

    /// Moves to the upper left corner and clears the rest: a list that is written anew stands still.
    func clear() {
        if isTerminal { print("\u{1b}[H\u{1b}[2J", terminator: "") }
    }

    /// Colours on a terminal, unless nobody wants them (no-color.org); more than ASCII where the locale has UTF-8.
    var style: TerminalStyle {
        let environment = ProcessInfo.processInfo.environment
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        return TerminalStyle(
            hasColour: isTerminal && environment["TERM"] != "dumb" && (environment["NO_COLOR"] ?? "").isEmpty,
            hasUnicode: locale.lowercased().filter(\.isLetterOrDigit).hasSuffix("utf8")
        )
    }
}

extension String {
    /// This JSON, with those control characters escaped that JSON lets through (RFC 8259, section 7) and terminals obey:
    /// they stand in texts alone.
    fileprivate var escapingControls: String {
        unicodeScalars.reduce(into: "") { json, scalar in
            if ("\u{7f}"..."\u{9f}").contains(scalar) {
                json += "\\u00" + String(scalar.value, radix: 16)
            } else {
                json.unicodeScalars.append(scalar)
            }
        }
    }
}

extension Character {
    fileprivate var isLetterOrDigit: Bool { isLetter || isNumber }
}
