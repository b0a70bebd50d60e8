import CLibxml2

/// Why a text is not taken as XML.
package struct XMLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The parser's words, with the line.
    package let description: String
}

extension XMLElement {
    /// The root of a document, parsed by libxml2.
    ///
    /// Nothing is fetched over the network, no external entity is read and none is expanded; a document nested deeper
    /// than libxml2 allows (256 levels) or with a text longer than it allows (10 MB) is refused.
    ///
    /// - Throws: `XMLError` where the text is not well-formed.
    package init(parsing text: String) throws(XMLError) {
        let options = XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
        let bytes = Array(text.utf8)
        let document = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) { characters in
                unsafe xmlReadMemory(
                    characters.baseAddress,
                    Int32(clamping: characters.count),
                    nil,
                    "UTF-8",
                    Int32(options)
                )
            }
        }
        guard let document = unsafe document else { throw .lastOfParser() }
        defer { unsafe xmlFreeDoc(document) }
        guard let root = unsafe xmlDocGetRootElement(document) else { throw .lastOfParser() }
        self = unsafe XMLElement(root)
    }

    private init(_ node: UnsafePointer<xmlNode>) {
        var attributes: [String: String] = [:]
        var attribute = unsafe node.pointee.properties
        while let current = unsafe attribute {
            attributes[unsafe String(xml: current.pointee.name)] = unsafe Self.text(below: current.pointee.children)
            unsafe attribute = current.pointee.next
        }
        var children: [XMLElement] = []
        var child = unsafe node.pointee.children
        while let current = unsafe child {
            if unsafe current.pointee.type == XML_ELEMENT_NODE { children.append(unsafe XMLElement(current)) }
            unsafe child = current.pointee.next
        }
        unsafe self.init(
            name: String(xml: node.pointee.name),
            namespace: node.pointee.ns == nil ? "" : String(xml: node.pointee.ns.pointee.href),
            attributes: attributes,
            text: Self.text(below: node.pointee.children),
            children: children
        )
    }

    /// The text nodes among these siblings, joined; entities that a document defines itself are left out.
    private static func text(below first: UnsafeMutablePointer<xmlNode>?) -> String {
        var text = ""
        var node = unsafe first
        while let current = unsafe node {
            if unsafe current.pointee.type == XML_TEXT_NODE || current.pointee.type == XML_CDATA_SECTION_NODE {
                text += unsafe String(xml: current.pointee.content)
            }
            unsafe node = current.pointee.next
        }
        return text
    }
}

extension XMLError {
    fileprivate static func lastOfParser() -> XMLError {
        guard let error = unsafe xmlGetLastError(), let message = unsafe error.pointee.message else {
            return XMLError(description: "the text is no XML document")
        }
        let words = unsafe String(cString: message).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return unsafe XMLError(description: "line \(error.pointee.line): \(words)")
    }
}

extension String {
    fileprivate init(xml text: UnsafePointer<xmlChar>?) {
        self = unsafe text.map { unsafe String(decodingCString: $0, as: UTF8.self) } ?? ""
    }
}
