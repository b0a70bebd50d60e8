import Testing

/// The reader of expositions must not pass what a scraper should refuse: all the other tests rest on it.
@Suite struct ExpositionTests {
    @Test(arguments: [
        "# TYPE a gauge\na 1",
        "a 1\n",
        "# TYPE a gauge\n\na 1\n",
        "# TYPE a gauge\na one\n",
        "# TYPE a gauge\na 1 1700000000\n",
        "# TYPE a gauge\na{x=\"1} 1\n",
        "# TYPE a gauge\na{x=\"\\q\"} 1\n",
        "# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n",
        "# TYPE a gauge\na{x=\"1\"} 1\na{x=\"1\"} 2\n",
        "# TYPE a gauge\n# TYPE a counter\na 1\n",
        "# TYPE a gauge\na{x=\"1\"} 1\n# TYPE b gauge\nb 1\na{x=\"2\"} 1\n",
    ])
    func malformed(text: String) {
        #expect(throws: TestbedError.self) { try Exposition(text) }
    }

    @Test func wellFormed() throws {
        let text = "# HELP a What it is.\n# TYPE a gauge\na{x=\"q\\\"b\\\\n\\n\",y=\"\"} 1.5e3\n"
        let metrics = try Exposition(text)
        #expect(metrics.types == ["a": "gauge"])
        #expect(metrics.helps == ["a": "What it is."])
        #expect(try metrics.value("a", ["x": "q\"b\\n\n"]) == 1500)
        #expect(try metrics.value("a", ["x": "other"]) == nil)
    }
}
