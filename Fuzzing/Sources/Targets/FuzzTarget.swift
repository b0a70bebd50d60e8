/// A part of the exporter that takes what others wrote, with what must hold of it whatever they wrote.
///
/// The raw values name the corpora, the dictionaries and the first argument of `fuzz`.
enum FuzzTarget: String, CaseIterable {
    case connection
    case contentNegotiation = "content-negotiation"
    case domainXML = "domain-xml"
    case duration
    case query
    case requestParser = "request-parser"
    case typedParameters = "typed-parameters"
    case webConfiguration = "web-configuration"

    /// Has the part take this input.
    ///
    /// - Throws: `Violation` where something does not hold.
    func check(_ input: [UInt8]) throws {
        switch self {
        case .connection: try checkConnection(input)
        case .contentNegotiation: try checkContentNegotiation(input)
        case .domainXML: try checkDomainXML(input)
        case .duration: try checkDuration(input)
        case .query: try checkQuery(input)
        case .requestParser: try checkRequestParser(input)
        case .typedParameters: try checkTypedParameters(input)
        case .webConfiguration: try checkWebConfiguration(input)
        }
    }
}
