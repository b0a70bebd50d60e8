import Exposition
import HTTPTypes
import MetricsHTTP

extension Exporter {
    /// The page at `/`: what this is, and where its metrics are.
    func landingPage() -> HTTPReply {
        let page = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>libvirt-memory-exporter</title>
            </head>
            <body>
            <h1>libvirt-memory-exporter</h1>
            <p>How much memory each virtual machine of this host really has left.</p>
            <ul>
            <li><a href="\(configuration.telemetryPath.escapedForHTML())">Metrics</a></li>
            <li><a href="/-/healthy">Healthy?</a></li>
            <li><a href="/-/ready">Ready?</a></li>
            </ul>
            <p>Version \(exporterVersion.escapedForHTML())</p>
            </body>
            </html>

            """
        return HTTPReply(
            status: .ok,
            fields: [
                .contentType: "text/html; charset=utf-8", .xContentTypeOptions: "nosniff",
                .contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'",
            ],
            body: Array(page.utf8)
        )
    }
}

extension String {
    /// The text for an HTML element's content or a quoted attribute (HTML, section 13.3).
    func escapedForHTML() -> String {
        var escaped = ""
        for character in unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
