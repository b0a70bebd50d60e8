import Testing

@testable import ExporterService

@Suite struct LogFormatTests {
    @Test(arguments: [
        ("plain", "plain"), ("two words", #""two words""#), ("", #""""#), ("a=b", #""a=b""#),
        (#"say "hi""#, #""say \"hi\"""#), (#"back\slash"#, #""back\\slash""#), ("two\nlines", #""two\nlines""#),
        ("bell\u{7}", #""bell\u0007""#), ("ü🦊", "ü🦊"), ("escape\u{1b}[31m", #""escape\u001b[31m""#),
        ("next\u{85}line", #""next\u0085line""#),
    ])
    func logfmtQuotesWhatNeedsIt(value: String, written: String) {
        #expect(LogFormat.logfmt.line([("level", "info"), ("domain", value)]) == "level=info domain=\(written)\n")
    }

    @Test func jsonIsAnObjectALine() {
        #expect(
            LogFormat.json.line([("msg", "it's \"here\"\n"), ("code", "1")])
                == #"{"msg":"it's \"here\"\n","code":"1"}"# + "\n"
        )
    }
}
