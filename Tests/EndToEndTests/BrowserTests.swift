import Foundation
import Testing

extension EndToEndTests {
    /// The page at `/` as a browser shows it. The domains are those of libvirt's test driver, in the exporter's process.
    @Suite struct BrowserTests {
        /// What a page may do to whoever looks at it, if it takes a name for markup. libvirt allows no `/` in it.
        private static let hostileName = "<script>document.title='taken'<!-- <img src=x onerror=alert(1)> \"'>&amp; 🦊"

        @Test(arguments: [0, 1, 8, 500])
        func everyDomainHasItsRow(count: Int) async throws {
            try await Testbed.run(startingLibvirtd: false) { testbed in
                let names = Self.names(count)
                let (exporter, address) = try await start(testbed, names)
                let browser = Browser(directory: testbed.directory)

                let document = try await browser.document(at: address)
                #expect(document.contains("<title>Guest memory</title>"))
                #expect(!document.contains("<script") && !document.contains("<img"))
                let cells = document.matches(of: /<td class="name">(.*?)<\/td>/).map { String($0.1) }
                // In whatever order: their shares are the same, or not known.
                #expect(Set(cells) == Set(names.map(Self.asText)))
                #expect(cells.count == count)
                #expect(document.contains("No domain is active on this host.") == (count == 0))

                let html = try await exporter.get("/").text
                let widths = try await contentWidths(of: html, by: browser, testbed.directory)
                #expect(widths.map(\.page) == [360, 500, 1280])
                for (page, content) in widths {
                    #expect(content <= page, "\(count) domains in \(page) pixels are \(content) wide")
                }
                try await takePictures(of: address, "\(count)-domains", by: browser)
            }
        }

        @Test func contentThatIsTooWideIsNoticed() async throws {
            try await Testbed.run(startingLibvirtd: false) { testbed in
                let (exporter, _) = try await start(testbed, [])
                let html = try await exporter.get("/").text.replacing(
                    "</body>",
                    with: "<div style='width: 900px'>wide</div></body>"
                )
                let browser = Browser(directory: testbed.directory)
                let widths = try await contentWidths(of: html, by: browser, testbed.directory)
                #expect(widths.map { $0.content > $0.page } == [true, true, false])
            }
        }

        @Test func theHelpHasAPlaceForEveryStatusThatIsLinkedToIt() async throws {
            try await Testbed.run(startingLibvirtd: false) { testbed in
                let (_, address) = try await start(testbed, ["guest"])
                let document = try await Browser(directory: testbed.directory).document(at: address + "help")
                let statuses = [
                    "stale", "no_device", "no_driver", "no_values", "no_period", "paused", "unresponsive",
                    "unsupported",
                ]
                for status in statuses {
                    #expect(document.contains("id=\"\(status)\""), "\(status)")
                }
            }
        }

        /// An exporter whose hypervisor has running domains of these names, and its page's address.
        private func start(_ testbed: Testbed, _ names: [String]) async throws -> (ExporterProcess, String) {
            let node = testbed.directory.appending(path: "node.xml")
            let domains = names.enumerated().map { number, name in
                """
                <domain type='test'>
                  <name>\(GuestSpecification.escaped(name))</name>
                  <uuid>00000000-0000-4000-8000-\(String(format: "%012d", number))</uuid>
                  <memory unit='MiB'>512</memory><vcpu>1</vcpu><os><type>hvm</type></os>
                  <devices>\(number % 2 == 0 ? "<memballoon model='virtio'><stats period='10'/></memballoon>" : "")</devices>
                </domain>
                """
            }
            try "<node>\(domains.joined())</node>".write(to: node, atomically: true, encoding: .utf8)
            let exporter = try await testbed.startExporter("--libvirt.uri=test://\(node.path)")
            try await eventually(within: .seconds(10)) {
                let metrics = try await exporter.scrape()
                try require(try metrics.value("libvirt_up") == 1, "connected to libvirt")
                let known = metrics.samples("libvirt_domain_info").count
                try require(known == names.count, "\(known) domains are known")
            }
            return (exporter, "http://127.0.0.1:\(exporter.port)/")
        }

        /// How wide the page's content is in windows of a phone and of greater devices; the browser has no narrow one, but
        /// narrow frames.
        private func contentWidths(
            of html: String,
            by browser: Browser,
            _ directory: URL
        ) async throws -> [(page: Int, content: Int)] {
            try html.write(to: directory.appending(path: "page.html"), atomically: true, encoding: .utf8)
            let wrapper = directory.appending(path: "wrapper.html")
            try """
            <!DOCTYPE html>
            <iframe src="page.html" width="360" style="border: 0"></iframe>
            <iframe src="page.html" width="500" style="border: 0"></iframe>
            <iframe src="page.html" width="1280" style="border: 0"></iframe>
            <output></output>
            <script>
            onload = () => {
                document.querySelector("output").textContent = [...document.querySelectorAll("iframe")]
                    .map(frame => frame.width + ":" + frame.contentDocument.documentElement.scrollWidth).join(" ")
            }
            </script>
            """.write(to: wrapper, atomically: true, encoding: .utf8)
            let document = try await browser.document(
                at: wrapper.absoluteString,
                flags: ["--allow-file-access-from-files", "--hide-scrollbars"]
            )
            let output = try #require(document.firstMatch(of: /<output>(.*)<\/output>/)?.1)
            return try output.split(separator: " ").map { pair in
                let numbers = try pair.split(separator: ":").map { try #require(Int($0)) }
                return (numbers[0], numbers[1])
            }
        }

        /// Pictures for a person to look at, in `.build/screenshots`.
        private func takePictures(of address: String, _ name: String, by browser: Browser) async throws {
            let folder = TestbedFiles.prepared.deletingLastPathComponent().appending(path: "screenshots")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            func picture(_ kind: String, width: Int, flags: [String] = []) async throws -> Data {
                let file = folder.appending(path: "\(name)-\(kind).png")
                try await browser.takePicture(of: address, width: width, height: 900, to: file, flags: flags)
                return try Data(contentsOf: file)
            }
            let light = try await picture("light", width: 1280)
            let dark = try await picture("dark", width: 1280, flags: ["--force-dark-mode"])
            #expect(light != dark, "the page follows who wants it dark")
            _ = try await picture("narrow", width: 500)
        }

        private static func names(_ count: Int) -> [String] {
            (0..<count).map { number in
                switch number {
                case 0: hostileName
                case 1: String(repeating: "very-long-name-", count: 8)
                default: "instance-\(String(format: "%08x", number))"
                }
            }
        }

        /// The text as a browser writes it in a document's element.
        private static func asText(_ name: String) -> String {
            name.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        }
    }
}
