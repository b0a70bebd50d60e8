import Testing

@testable import Exposition

@Suite struct LabelsTests {
    @Test(arguments: [
        ("plain", "plain"),
        (#"quote " here"#, #"quote \" here"#),
        (#"back\slash"#, #"back\\slash"#),
        ("two\nlines", #"two\nlines"#),
        ("<&> 🦊 ü", "<&> 🦊 ü"),
        (#"\n"#, #"\\n"#),
        ("tab\tand\rreturn", "tab\tand\rreturn"),
        ("", ""),
    ])
    func valuesAreEscapedAsTheFormatSays(value: String, escaped: String) {
        #expect(String(decoding: Labels([("domain", value)]).bytes, as: UTF8.self) == "domain=\"\(escaped)\"")
    }

    @Test func labelsKeepTheirOrder() {
        let labels = Labels([("domain", "a"), ("uuid", "b"), ("state", "running")])
        #expect(String(decoding: labels.bytes, as: UTF8.self) == #"domain="a",uuid="b",state="running""#)
    }

    @Test func labelSetsAreEqualByWhatTheySay() {
        #expect(Labels([("domain", "a")]) == Labels([("domain", "a")]))
        #expect(Labels([("domain", "a")]) != Labels([("domain", "b")]))
    }
}
