import Exposition
import Testing

@testable import ExporterService

@Suite struct ContentNegotiationTests {
    @Test(
        arguments: [
            (nil, .text),
            ("", .text),
            ("*/*", .text),
            ("text/html", .text),
            ("text/plain;version=0.0.4", .text),
            ("application/openmetrics-text", .openMetrics),
            ("application/openmetrics-text; version=1.0.0; charset=utf-8", .openMetrics),
            ("APPLICATION/OpenMetrics-Text;Version=1.0.0", .openMetrics),
            (#"application/openmetrics-text;version="1.0.0""#, .openMetrics),
            (#"application/openmetrics-text;version=""#, .text),
            ("application/openmetrics-text;version=0.0.1", .text),
            ("application/openmetrics-text;version=2.0.0,*/*;q=0.1", .text),
            ("application/openmetrics-text;q=0", .text),
            ("application/openmetrics-text;q=0.4,text/plain;q=0.5", .text),
            ("application/openmetrics-text;q=0.4,text/plain;q=0.5;version=1.0.0", .openMetrics),
            ("application/openmetrics-text;q=0.5,text/plain;q=0.4,*/*;q=0.9", .openMetrics),
            ("application/openmetrics-text;q=0.5,*/*;q=0.9", .text),
            ("application/openmetrics-text;q=high", .text),
            ("application/openmetrics-text;q=7", .text),
            (",;,=;;q", .text),
            // A separator counts whatever accent follows it.
            ("application/openmetrics-text,\u{301}x", .openMetrics),
            // Prometheus 2.42
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                    + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", .openMetrics
            ),
            // Prometheus 3.5
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                    + "application/openmetrics-text;version=0.0.1;q=0.5,"
                    + "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                .openMetrics
            ),
        ] as [(String?, ExpositionFormat)]
    )
    func theFormatFollowsTheAcceptField(accept: String?, format: ExpositionFormat) {
        #expect(ExpositionFormat.negotiated(accept: accept) == format)
    }

    @Test(
        arguments: [
            (nil, false), ("", false), ("identity", false), ("gzip", true), ("x-gzip", true), ("GZIP", true),
            ("deflate, gzip;q=1.0, *;q=0.5", true), ("gzip;q=0", false), ("*", true), ("*;q=0", false),
            ("gzip;q=0, *", false), ("gzip;q=0.5, identity;q=0.9", false), ("gzip;q=0.9, identity;q=0.5", true),
            ("br", false), ("gzip;q=", false), (";gzip", false),
            // A separator counts whatever accent follows it.
            ("gzip,\u{301}x", true),
        ] as [(String?, Bool)]
    )
    func gzipIsUsedWhereItIsAccepted(acceptEncoding: String?, isAccepted: Bool) {
        #expect(acceptsGzip(acceptEncoding) == isAccepted)
    }
}
