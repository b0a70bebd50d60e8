import Collection
import Hypervisor

/// The line for an operator in `systemctl status`.
enum OperatorStatus {
    /// After so long without a scrape, what the last one found is no news.
    private static let longestScrapeInterval = 120.0

    /// How the exporter is.
    ///
    /// - Parameters:
    ///   - domains: how many domains are known by now; nil while there is no connection to libvirt.
    ///   - last: what the last collection found; nil before the first.
    static func serving(_ uri: String, domains: Int?, last: Snapshot?, at now: Double) -> String {
        guard let domains else { return "no connection to libvirt at \(uri)" }
        guard let last, now - last.time < longestScrapeInterval else {
            return "serving \(text(of: domains)) of \(uri), not scraped lately"
        }
        guard last.isUp else { return "libvirt at \(uri) does not answer" }
        let reporting = last.domains.count { $0.status == .ok }
        return "serving \(text(of: last.domains.count)) of \(uri), \(reporting) report"
    }

    /// How the process is that sets periods.
    ///
    /// - Parameters:
    ///   - domains: how many domains are known; nil while there is no connection to libvirt.
    ///   - withoutPeriod: how many of them could be polled, but have no period.
    static func settingPeriods(_ uri: String, domains: Int?, withoutPeriod: Int) -> String {
        guard let domains else { return "no connection to libvirt at \(uri)" }
        return "watching \(text(of: domains)) of \(uri), \(withoutPeriod) without a statistics period"
    }

    private static func text(of domains: Int) -> String {
        domains == 1 ? "1 domain" : "\(domains) domains"
    }
}
