/// A page's frame, and the escaping of all that comes into it.
enum HTMLPage {
    /// A whole document.
    ///
    /// - Parameters:
    ///   - title: the title, as plain text.
    ///   - refreshSeconds: when the browser is to load it anew, keeping the place; nil for never.
    ///   - body: the body's content, as HTML.
    static func document(title: String, refreshSeconds: Int? = nil, body: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        \(refreshSeconds.map { "<meta http-equiv=\"refresh\" content=\"\($0)\">\n" } ?? "")\
        <title>\(escaped(title))</title>
        <style>\(style)</style>
        </head>
        <body>
        \(body)
        </body>
        </html>

        """
    }

    /// The text for an HTML element's content or a quoted attribute (HTML, section 13.3).
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
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

    /// What a browser may do with a page: show it, with the style that is in it, and nothing from anywhere else (Content
    /// Security Policy, level 3).
    static let contentSecurityPolicy =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

    private static let style = """
        :root{--text:#1c1e21;--dim:#5c6370;--line:#dfe2e6;--back:#fff;--card:#f6f7f9;--good:#2f8f4e;--low:#b7791f;\
        --bad:#c53030;--link:#1a5fb4}
        @media(prefers-color-scheme:dark){:root{--text:#e6e8eb;--dim:#9aa2ad;--line:#343a42;--back:#15181c;--card:#1f242a;\
        --good:#57c27a;--low:#e0a94a;--bad:#f47070;--link:#7fb2f0}}
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:82rem;padding:1rem;font:15px/1.45 system-ui,sans-serif;color:var(--text);\
        background:var(--back)}
        h1{font-size:1.35rem;margin:.2rem 0}h2{font-size:1.1rem;margin:1.6rem 0 .4rem}
        a{color:var(--link)}nav a{margin-right:1rem}footer{margin-top:1.2rem;color:var(--dim)}
        p.note{color:var(--dim);margin:.2rem 0 .8rem}
        table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
        th{font-weight:600;color:var(--dim);text-align:left;font-size:.85rem}
        th,td{padding:.4rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
        td.number,th.number{text-align:right;white-space:nowrap}
        td.name{font-weight:600;overflow-wrap:anywhere;min-width:9rem;max-width:24rem}\
        td.share{white-space:nowrap}td.reason{min-width:15rem}
        td.name small,.dim{display:block;color:var(--dim);font-weight:400}
        .bar{display:block;height:.45rem;min-width:6rem;margin-top:.3rem;border-radius:.25rem;background:var(--line)}
        .bar i{display:block;height:100%;border-radius:.25rem;background:var(--good)}
        .old i{background:var(--dim)}.low i{background:var(--low)}.critical i{background:var(--bad)}
        .status{white-space:nowrap;font-weight:600}.status.ok{color:var(--good)}.status.fault{color:var(--low)}
        .status.unresponsive,.down{color:var(--bad)}
        details{margin-top:.2rem;max-width:34rem}summary{color:var(--dim);cursor:pointer}
        code{overflow-wrap:anywhere}
        @media(max-width:52rem){
        table.guests thead{display:none}
        table.guests tr{display:block;margin:0 0 .8rem;padding:.5rem .7rem;background:var(--card);border-radius:.5rem}
        table.guests td{display:flex;justify-content:space-between;gap:1rem;border:0;padding:.15rem 0;text-align:right}
        table.guests td:before{content:attr(data-label);color:var(--dim);font-weight:400;text-align:left}
        table.guests td.name{display:block;text-align:left}table.guests td.name:before{content:none}
        table.guests td.wide{display:block;text-align:left}table.guests td.wide:before{margin-right:.6rem}
        }
        """
}
