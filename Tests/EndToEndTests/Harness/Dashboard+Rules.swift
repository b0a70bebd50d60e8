import Foundation

extension Dashboard {
    /// What breaks the rules of dashboard-linter, and a few more: nothing, of a dashboard that works anywhere.
    static func complaints(ofJSON json: String, linkingTo other: Dashboard) throws -> [String] {
        let dashboard = try Dashboard(json: json)
        return try complaintsOfExport(json) + dashboard.complaintsOfVariables()
            + dashboard.complaintsOfLinks(json: json, to: other) + dashboard.complaintsOfGrid()
            + dashboard.panels.filter { $0.type != "row" }.flatMap { $0.complaints() }
    }

    /// What an export from one Grafana brings along, and what another can't use.
    private static func complaintsOfExport(_ json: String) throws -> [String] {
        let contents = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any] ?? [:]
        let panels = contents["panels"] as? [[String: Any]] ?? []
        return ["id", "version", "__inputs", "__requires", "__elements"].filter { contents[$0] != nil }
            .map { "the dashboard has \($0)" }
            + panels.filter { $0["id"] != nil }.map { "\($0["title"] ?? "a panel") has an id" }
    }

    private func complaintsOfVariables() -> [String] {
        var complaints: [String] = []
        if uid.isEmpty || uid.count > 40 { complaints.append("its uid is no uid: \"\(uid)\"") }
        if editable { complaints.append("it can be edited") }
        let variables = templating.list
        if !variables.map(\.name).starts(with: ["datasource", "job", "instance"]) || variables.count != 4 {
            complaints.append("its variables are not datasource, job, instance and the guests")
        }
        if variables.first?.type != "datasource" || variables.first?.query.text != "prometheus" {
            complaints.append("its first variable is no Prometheus")
        }
        for variable in variables where variable.type == "query" {
            if variable.datasource?.uid != "${datasource}" { complaints.append("\(variable.name) has a fixed source") }
            if variable.refresh != 2 { complaints.append("\(variable.name) does not follow the time range") }
        }
        return complaints
    }

    private func complaintsOfLinks(json: String, to other: Dashboard) -> [String] {
        var complaints: [String] = []
        if !links.contains(where: { $0.url == "/d/\(other.uid)" && $0.includeVars && $0.keepTime }) {
            complaints.append("no link leads to \(other.uid) with variables and time")
        }
        for link in json.matches(of: /"\/d\/([^"?]*)([^"]*)"/) {
            if link.1 != other.uid { complaints.append("a link leads to \(link.1)") }
            for variable in link.2.matches(of: /var-(\w+)=/)
            where !other.templating.list.contains(where: { $0.name == variable.1 }) {
                complaints.append("a link sets \(variable.1), which \(other.uid) has not")
            }
        }
        for link in json.matches(of: /"url": "([^"]*)\/runbooks\/(\w+)\.md"/) {
            let runbook = PrometheusRules.project.appending(path: "docs/runbooks/\(link.2).md").path
            if "\(link.1)/runbooks" != PrometheusRules.runbooks || !FileManager.default.fileExists(atPath: runbook) {
                complaints.append("a link leads to no runbook: \(link.2)")
            }
        }
        return complaints
    }

    private func complaintsOfGrid() -> [String] {
        var complaints: [String] = []
        var taken: [[Int]: String] = [:]
        for panel in panels {
            let place = panel.gridPos
            if place.x < 0 || place.w < 1 || place.h < 1 || place.x + place.w > 24 {
                complaints.append("\(panel.title) is outside of the grid")
                continue
            }
            for y in place.y..<place.y + place.h {
                for x in place.x..<place.x + place.w {
                    if let below = taken.updateValue(panel.title, forKey: [x, y]), below != panel.title {
                        complaints.append("\(panel.title) lies upon \(below)")
                    }
                }
            }
        }
        if Set(panels.map(\.title)).count != panels.count { complaints.append("two panels have the same title") }
        return complaints
    }
}

extension Dashboard.Panel {
    fileprivate func complaints() -> [String] {
        var complaints: [String] = []
        if title.isEmpty { complaints.append("has no title") }
        if description?.isEmpty != false { complaints.append("has no description") }
        if fieldConfig?.defaults.unit?.isEmpty != false { complaints.append("has no unit") }
        if datasource?.uid != "${datasource}" { complaints.append("has a fixed source") }
        let targets = targets ?? []
        if targets.isEmpty { complaints.append("has no query") }
        if Set(targets.map(\.refId)).count != targets.count { complaints.append("has two queries of one name") }
        complaints += targets.flatMap { $0.complaints() }
        return complaints.map { "\(title) \($0)" }
    }
}

extension Dashboard.Target {
    fileprivate func complaints() -> [String] {
        var complaints: [String] = []
        if datasource?.uid != "${datasource}" { complaints.append("\(refId) has a fixed source") }
        let selectors = expr.matches(of: /\b(?:(?:[a-z]+:)?libvirt_[\w:]+|up)\b(?:\{([^}]*)\})?/)
        if selectors.isEmpty { complaints.append("\(refId) asks for no metric of the exporter") }
        for selector in selectors {
            for matcher in [#"job=~"$job""#, #"instance=~"$instance""#]
            where selector.1?.contains(matcher) != true {
                complaints.append("\(refId) does not match \(matcher) in \(selector.0)")
            }
        }
        for range in expr.matches(of: /\[([^\]]*)\]/) where range.1 != "$__rate_interval" {
            complaints.append("\(refId) takes rates over \(range.1)")
        }
        let rates = expr.matches(of: /\b(?:rate|increase)\(libvirt_\w+_total\b/)
        if expr.matches(of: /\blibvirt_\w+_total\b/).count != rates.count {
            complaints.append("\(refId) shows a counter without its rate")
        }
        return complaints
    }
}
