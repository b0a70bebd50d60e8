import Foundation
import Testing

extension EndToEndTests {
    /// What `make deb` made, in a fresh Debian.
    @Suite struct PackageTests {
        static let name = "libvirt-memory-exporter"
        static let period = "libvirt-memory-stats-period"
        /// Where systemd finds what is enabled.
        static let wanted = "/etc/systemd/system/multi-user.target.wants"

        @Test func anInstalledPackageServesAsItsOwnUser() async throws {
            try await DebianTree.run { debian in
                try await install(in: debian)

                // The exporter is enabled; what can change a guest is not.
                #expect(debian.has("\(Self.wanted)/\(Self.name).service"))
                #expect(!debian.has("\(Self.wanted)/\(Self.period).service"))
                let users = try await debian.run("getent", "passwd", Self.name, Self.period)
                #expect(users.split(separator: "\n").count == 2)
                for user in [Self.name, Self.period] {
                    #expect(try await debian.run("id", "--name", "--groups", user) == "\(user)\n", "in no other group")
                }
                try await debian.run("dpkg", "--verify", Self.name)
                let units = ["\(Self.name).service", "\(Self.name).socket", "\(Self.period).service"]
                let verified = try await ChildProcess.outcome(
                    of: debian.command(["systemd-analyze", "verify"] + units)
                )
                #expect(verified.status == 0)
                let complaints = String(decoding: verified.errors + verified.output, as: UTF8.self)
                #expect(!complaints.contains(Self.name) && !complaints.contains(Self.period), "\(complaints)")
                let page = try await debian.run("man", "--pager=cat", Self.name)
                #expect(page.contains("--libvirt.uri"))

                let log = debian.directory.appending(path: "tmp/exporter.log")
                let exporter = try await ExporterProcess.start(
                    ["--libvirt.uri=test:///default"],
                    command: debian.command(["runuser", "--user", Self.name, "--", "/usr/bin/\(Self.name)"]),
                    log: log
                )
                let metrics = try await exporter.scrapeWithDomains()
                #expect(metrics.domains.contains("test"))
                try await exporter.process.end()
            }
        }

        @Test func aPurgedPackageLeavesNothing() async throws {
            try await DebianTree.run { debian in
                let package = try debian.take(BuiltPackages.package("deb"))
                try await installDependencies(of: package, in: debian)
                let before = try await debian.listing()

                try await debian.apt("install", package)
                #expect(
                    try await debian.listing().subtracting(before).contains { $0.contains("/usr/bin/\(Self.name)") }
                )
                // What an operator does.
                try await debian.run("systemctl", "enable", "\(Self.period).service", "\(Self.name).socket")
                #expect(debian.has("\(Self.wanted)/\(Self.period).service"))
                try await debian.run("/bin/sh", "-c", "echo ARGS=--log.level=debug > /etc/default/\(Self.name)")

                try await debian.apt("remove", Self.name)
                #expect(debian.has("/etc/default/\(Self.name)"), "what the operator wrote outlives a removal")
                try await debian.apt("purge", Self.name)
                let after = try await debian.listing()
                #expect(after.subtracting(before) == [])
                #expect(before.subtracting(after) == [])
            }
        }

        @Test func anUpgradeKeepsWhatTheOperatorWroteAndChose() async throws {
            try await DebianTree.run { debian in
                try await install(in: debian)
                let settings = "ARGS=\"--log.format=json\"\n"
                let file = debian.directory.appending(path: "etc/default/\(Self.name)")
                try await debian.run("/bin/sh", "-c", "printf '%s' '\(settings)' > /etc/default/\(Self.name)")
                try await debian.run("systemctl", "disable", "\(Self.name).service")
                try await debian.run("systemctl", "enable", "\(Self.period).service")

                // The same package under the number of a later one, whose own settings file is another.
                try await debian.run("/bin/sh", "-ec", Self.makeLaterPackage)
                try await debian.apt("install", "/tmp/later.deb")
                let version = try await debian.run("dpkg-query", "--show", "--showformat=${Version}", Self.name)
                #expect(version == "99")
                #expect(try String(contentsOf: file, encoding: .utf8) == settings)
                #expect(!debian.has("\(Self.wanted)/\(Self.name).service"), "it stays disabled")
                #expect(debian.has("\(Self.wanted)/\(Self.period).service"), "it stays enabled")
            }
        }

        private static let makeLaterPackage = """
            cd /tmp
            dpkg-deb --raw-extract \(name)_*.deb later
            sed -i 's/^Version: .*/Version: 99/' later/DEBIAN/control
            echo '# Another comment.' >> later/etc/default/\(name)
            dpkg-deb -Znone --build later later.deb
            """

        private func install(in debian: DebianTree) async throws {
            let package = try debian.take(BuiltPackages.package("deb"))
            try await debian.apt("install", package)
        }

        private func installDependencies(of package: String, in debian: DebianTree) async throws {
            let dependencies = try await debian.run("dpkg-deb", "--field", package, "Depends")
            try await debian.apt("satisfy", dependencies.trimmingCharacters(in: .newlines))
        }
    }
}

/// What the packages hold, as it was built.
@Suite(.timeLimit(.minutes(2)))
struct PackageContentTests {
    @Test(arguments: [[], ["list"], ["period"], ["check-web-config"]])
    func theManualHasEachOptionAndSubcommandOfTheHelp(subcommand: [String]) async throws {
        let exporter = BuiltPackages.exporter.path
        let help = String(decoding: try await ChildProcess.run([exporter] + subcommand + ["--help"]), as: UTF8.self)
        let name = (["libvirt-memory-exporter"] + subcommand).joined(separator: "-")
        let page = BuiltPackages.directory.appending(path: "man/\(name).1")
        // What man complains of goes to standard error, and nothing else does.
        let outcome = try await ChildProcess.outcome(
            of: ["/usr/bin/man", "--warnings", "--local-file", page.path],
            environment: ["MANWIDTH": "80", "MANPAGER": "cat", "LC_ALL": "C.UTF-8"]
        )
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(String(decoding: outcome.errors, as: UTF8.self))")
        let text = String(decoding: outcome.output, as: UTF8.self)
        let options = Set(help.matches(of: /(?m)--?[a-z][\w.-]*/).map { String($0.0) })
        #expect(options.count >= 3)
        for option in options {
            #expect(text.contains(option), "\(option)")
        }
        if let list = help.firstMatch(of: /SUBCOMMANDS:\n((?:  .*\n)+)/) {
            for line in list.1.matches(of: /(?m)^  ([a-z][a-z-]*)/) {
                #expect(text.contains("\(name)-\(line.1)(1)"), "\(line.1)")
            }
        }
    }

    @Test func theListOfWhatIsInsideIsThatOfThisBinary() async throws {
        struct Document: Decodable {
            struct Package: Decodable { let name: String }
            struct File: Decodable {
                struct Checksum: Decodable {
                    let algorithm: String
                    let checksumValue: String
                }
                let checksums: [Checksum]
            }
            let packages: [Package]
            let files: [File]
        }
        let data = try Data(contentsOf: BuiltPackages.directory.appending(path: "libvirt-memory-exporter.spdx.json"))
        let document = try JSONDecoder().decode(Document.self, from: data)
        let sum = try await ChildProcess.run(["/usr/bin/sha256sum", BuiltPackages.exporter.path])
        let expected = String(decoding: sum.prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self)
        let checksums = document.files.flatMap(\.checksums).filter { $0.algorithm == "SHA256" }.map(\.checksumValue)
        #expect(checksums == [expected])
        let names = Set(document.packages.map(\.name))
        #expect(names.isSuperset(of: ["swift", "swift-argument-parser", "FlyingFox", "libvirt0", "libxml2", "libc6"]))
    }

    @Test func theRPMHasWhatTheDebianPackageHas() async throws {
        let rpm = try BuiltPackages.package("rpm").path
        let deb = try BuiltPackages.package("deb").path
        let listed = String(decoding: try await ChildProcess.run(["/usr/bin/rpm", "-qlp", rpm]), as: UTF8.self)
        let ofRPM = Set(listed.split(separator: "\n").map(String.init))
        let archived = String(
            decoding: try await ChildProcess.run(["/usr/bin/dpkg-deb", "--contents", deb]),
            as: UTF8.self
        )
        let ofDeb = archived.split(separator: "\n").compactMap { $0.split(separator: " ").last }
            // Debian's own papers; and where units are there.
            .filter {
                !$0.hasSuffix("/") && !$0.contains("/lintian/") && !$0.contains("/copyright") && !$0.hasSuffix("gz")
            }
            .map { String($0.dropFirst()).replacing(/^\/lib\/systemd/, with: "/usr/lib/systemd") }
        #expect(ofDeb.count > 20)
        #expect(Set(ofDeb).subtracting(ofRPM) == [])
        let required = String(
            decoding: try await ChildProcess.run(["/usr/bin/rpm", "-qp", "--requires", rpm]),
            as: UTF8.self
        )
        for library in ["libvirt.so.0", "libssl.so.3", "libxml2.so.2", "libyaml-0.so.2", "libz.so.1", "libc.so.6"] {
            #expect(required.contains(library), "\(library)")
        }
        #expect(!required.contains("libswift"))
    }

    /// No symbol says that the loader has to know packed relative relocations, and dpkg-shlibdeps goes by symbols.
    @Test func theDebianPackageAsksForAGlibcThatLoadsTheBinary() async throws {
        let needed = String(
            decoding: try await ChildProcess.run(["/usr/bin/readelf", "--version-info", BuiltPackages.exporter.path]),
            as: UTF8.self
        )
        try #require(needed.contains("GLIBC_ABI_DT_RELR"))
        let depends = String(
            decoding: try await ChildProcess.run(
                ["/usr/bin/dpkg-deb", "--field", try BuiltPackages.package("deb").path, "Depends"]
            ),
            as: UTF8.self
        )
        let asked = depends.matches(of: /libc6 \(>= 2\.(\d+)\)/).compactMap { Int($0.1) }
        #expect(asked.contains { $0 >= 36 }, "\(depends)")
    }

    @Test(arguments: ["deb", "rpm"])
    func eachLinkOfAnInstalledDocumentLeadsSomewhere(ending: String) async throws {
        let root = URL(filePath: NSTemporaryDirectory()).appending(path: "lme-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: root) }
        let unpack =
            ending == "deb"
            ? #"dpkg-deb --extract "$1" "$2""#
            : #"cd "$2" && rpm2cpio "$1" | cpio --extract --make-directories --quiet"#
        let package = try BuiltPackages.package(ending).path
        _ = try await ChildProcess.run(["/bin/sh", "-c", unpack, "sh", package, root.path])

        let documents = root.appending(path: "usr/share/doc/libvirt-memory-exporter")
        let names = try FileManager.default.subpathsOfDirectory(atPath: documents.path).filter { $0.hasSuffix(".md") }
        var count = 0
        for name in names {
            let file = documents.appending(path: name)
            // Neither an address nor a heading of the same page.
            for link in try String(contentsOf: file, encoding: .utf8).matches(of: /\]\(([^\s:#)]+)[#)]/) {
                let target = file.deletingLastPathComponent().appending(path: String(link.1)).standardizedFileURL
                #expect(FileManager.default.fileExists(atPath: target.path), "\(name): \(link.1)")
                count += 1
            }
        }
        #expect(count > 60, "\(count)")
        let examples = ["web/web-config.yml", "prometheus/tls.yml", "systemd/socket-activation.conf"]
        for example in examples {
            let file = documents.appending(path: "examples/\(example)")
            #expect(FileManager.default.fileExists(atPath: file.path), "\(example)")
        }
    }

    @Test func anErasedRPMLeavesNothing() async throws {
        let root = URL(filePath: NSTemporaryDirectory()).appending(path: "lme-rpm-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: root) }
        // Nothing else of a distribution is there: neither what the package requires nor what its scriptlets run.
        let asRoot = getuid() == 0 ? [] : ["/usr/bin/sudo", "--non-interactive", "--"]
        let rpm = asRoot + ["/usr/bin/rpm", "--root", root.path]
        _ = try await ChildProcess.run(
            rpm + ["--install", "--nodeps", "--noscripts", try BuiltPackages.package("rpm").path]
        )
        let installed = root.appending(path: "usr/bin/libvirt-memory-exporter").path
        let version = String(decoding: try await ChildProcess.run([installed, "--version"]), as: UTF8.self)
        #expect(version.hasPrefix("libvirt-memory-exporter "))
        _ = try await ChildProcess.run(rpm + ["--verify", "--nodeps", "libvirt-memory-exporter"])
        _ = try await ChildProcess.run(rpm + ["--erase", "--nodeps", "--noscripts", "libvirt-memory-exporter"])
        let left = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
        #expect(left.filter { $0.contains("libvirt-memory") } == [])
    }
}
