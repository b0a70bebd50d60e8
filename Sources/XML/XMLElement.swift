/// An element of an XML document, with all below it, as a value.
package struct XMLElement: Hashable, Sendable {
    /// The element's name, without a prefix.
    package let name: String
    /// The URI of the element's namespace; empty where it has none.
    package let namespace: String
    /// The attributes by their names without a prefix.
    package let attributes: [String: String]
    /// The text directly in the element, its pieces joined.
    package let text: String
    /// The elements directly in this one, in the document's order.
    package let children: [XMLElement]

    /// An element of these parts.
    package init(
        name: String,
        namespace: String = "",
        attributes: [String: String] = [:],
        text: String = "",
        children: [XMLElement] = []
    ) {
        self.name = name
        self.namespace = namespace
        self.attributes = attributes
        self.text = text
        self.children = children
    }

    /// The first element of this name directly in this one, in no namespace or in the one given.
    package func child(_ name: String, namespace: String = "") -> XMLElement? {
        children.first { $0.name == name && $0.namespace == namespace }
    }
}
