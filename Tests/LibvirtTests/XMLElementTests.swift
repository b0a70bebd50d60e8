import Testing

@testable import XML

@Suite struct XMLElementTests {
    @Test func elementsAttributesTextAndNamespacesAreRead() throws {
        let root = try XMLElement(
            parsing: """
                <?xml version="1.0"?>
                <domain type='qemu' id='1'>
                  <name>a &lt;b&gt; &amp; "c" 🦊</name>
                  <!-- a comment -->
                  <metadata><x:instance xmlns:x="urn:x" a='1'><x:name><![CDATA[<n>]]></x:name></x:instance></metadata>
                </domain>
                """
        )
        #expect(root.name == "domain")
        #expect(root.attributes == ["type": "qemu", "id": "1"])
        #expect(root.child("name")?.text == #"a <b> & "c" 🦊"#)
        let instance = try #require(root.child("metadata")?.child("instance", namespace: "urn:x"))
        #expect(instance.attributes == ["a": "1"])
        #expect(instance.child("name", namespace: "urn:x")?.text == "<n>")
        #expect(root.child("metadata")?.child("instance") == nil)
        #expect(root.child("nothing") == nil)
    }

    @Test(arguments: [
        "", "text", "<a>", "<a></b>", "<a b=1/>", "<a/><b/>", "<a>&undefined;</a>", "\u{0}", "<a>\u{1}</a>",
        String(repeating: "<a>", count: 300) + String(repeating: "</a>", count: 300),
    ])
    func whatIsNotWellFormedIsRefusedWithAReason(text: String) {
        let error = #expect(throws: XMLError.self) { try XMLElement(parsing: text) }
        #expect(error?.description.isEmpty == false)
    }

    @Test func anExternalEntityIsNotRead() throws {
        let root = try XMLElement(
            parsing: #"<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a b="1">x&e;y</a>"#
        )
        #expect(root.text == "xy")
    }

    @Test func anEntityOfTheDocumentsOwnIsNotExpanded() throws {
        #expect(try XMLElement(parsing: #"<!DOCTYPE a [<!ENTITY e "much">]><a>x&e;y</a>"#).text == "xy")
    }

    @Test func entitiesWithinEntitiesAreRefused() throws {
        // The billion laughs: nine levels of ten references each.
        let levels = (1...9).map { "<!ENTITY l\($0) \"\(String(repeating: "&l\($0 - 1);", count: 10))\">" }.joined()
        #expect(throws: XMLError.self) {
            try XMLElement(parsing: "<!DOCTYPE a [<!ENTITY l0 \"ha\">\(levels)]><a>&l9;</a>")
        }
    }
}
