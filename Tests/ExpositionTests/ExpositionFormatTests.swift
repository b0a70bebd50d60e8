import Testing

@testable import Exposition

@Suite struct ExpositionFormatTests {
    private let families = [
        MetricFamily(
            MetricDescription(
                name: "up_bytes",
                kind: .gauge,
                unit: "bytes",
                help: "A \"gauge\" with a \\ and\na second line."
            ),
            samples: [
                Sample(Labels([("domain", "a")]), .whole(.max)), Sample(Labels([("domain", "b")]), .fraction(0.25)),
            ]
        ),
        MetricFamily(
            MetricDescription(name: "swap_bytes_total", kind: .counter, unit: "bytes", help: "A counter."),
            samples: [Sample(.none, .whole(0))]
        ),
        MetricFamily(
            MetricDescription(name: "build_info", kind: .info, help: "Facts."),
            samples: [Sample(Labels([("version", "1")]), .whole(1))]
        ),
    ]

    private func text(_ format: ExpositionFormat, _ families: [MetricFamily]) -> String {
        String(decoding: format.encode(families), as: UTF8.self)
    }

    @Test func textFormatNamesTypeAndHelpOnceBeforeTheSamples() {
        #expect(
            text(.text, families) == #"""
                # TYPE up_bytes gauge
                # HELP up_bytes A "gauge" with a \\ and\na second line.
                up_bytes{domain="a"} 18446744073709551615
                up_bytes{domain="b"} 0.25
                # TYPE swap_bytes_total counter
                # HELP swap_bytes_total A counter.
                swap_bytes_total 0
                # TYPE build_info gauge
                # HELP build_info Facts.
                build_info{version="1"} 1

                """#
        )
    }

    @Test func openMetricsNamesTheFamilyWithoutSuffixAndEndsWithEOF() {
        #expect(
            text(.openMetrics, families) == #"""
                # TYPE up_bytes gauge
                # UNIT up_bytes bytes
                # HELP up_bytes A \"gauge\" with a \\ and\na second line.
                up_bytes{domain="a"} 18446744073709551615
                up_bytes{domain="b"} 0.25
                # TYPE swap_bytes counter
                # UNIT swap_bytes bytes
                # HELP swap_bytes A counter.
                swap_bytes_total 0
                # TYPE build info
                # HELP build Facts.
                build_info{version="1"} 1
                # EOF

                """#
        )
    }

    @Test(arguments: ExpositionFormat.allCases)
    func aFamilyWithoutSamplesIsLeftOut(format: ExpositionFormat) {
        let empty = MetricFamily(MetricDescription(name: "nothing", kind: .gauge, help: "Nothing."), samples: [])
        #expect(text(format, [empty]) == (format == .text ? "" : "# EOF\n"))
    }

    @Test(arguments: [
        (Double.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (1e300, "1e+300"), (-0.5, "-0.5"), (3, "3.0"),
        (.leastNonzeroMagnitude, "5e-324"),
    ])
    func fractionsAreWrittenAsTheFormatReadsThem(value: Double, written: String) {
        let family = MetricFamily(
            MetricDescription(name: "x", kind: .gauge, help: "X."),
            samples: [Sample(.none, .fraction(value))]
        )
        #expect(text(.text, [family]).hasSuffix("\nx \(written)\n"))
    }
}
