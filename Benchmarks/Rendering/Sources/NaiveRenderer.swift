@testable import Exposition

/// An exposition as one writes it first: by interpolation. Its labels are escaped already, in its favour.
func naiveText(_ families: some Sequence<MetricFamily>) -> String {
    var text = ""
    for family in families {
        let description = family.description
        text += "# TYPE \(description.name) \(description.kind)\n# HELP \(description.name) \(description.help)\n"
        for sample in family.samples {
            let labels = [sample.labels, sample.furtherLabels].filter { $0 != .none }
                .map { String(decoding: $0.bytes, as: UTF8.self) }.joined(separator: ",")
            switch sample.value {
            case .whole(let number): text += "\(description.name){\(labels)} \(number)\n"
            case .fraction(let number): text += "\(description.name){\(labels)} \(number)\n"
            }
        }
    }
    return text
}
