/// Figures as a person reads them.
enum ReadableFigures {
    /// An amount of memory with three digits: 93.2 MiB, 1.50 GiB; a dash where it is not known.
    static func bytes(_ count: UInt64?) -> String {
        guard let count else { return "–" }
        guard count >= 1024 else { return "\(count) B" }
        var amount = Double(count)
        var unit = ""
        for name in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] where amount >= 999.5 || unit.isEmpty {
            amount /= 1024
            unit = name
        }
        return "\(rounded(amount, digits: amount < 9.995 ? 2 : amount < 99.95 ? 1 : 0)) \(unit)"
    }

    /// A share in whole per cent, rounded down, so that what is not full is not called full; a dash where it is not
    /// known.
    static func percent(_ share: Double?) -> String {
        share.map { "\(Int($0 * 100)) %" } ?? "–"
    }

    /// A time that has passed: 4 s, 12 min, 3 h, 5 d; a dash where it is not known.
    static func age(_ age: Duration?) -> String {
        guard let seconds = age?.components.seconds else { return "–" }
        return switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3600) h"
        default: "\(seconds / 86_400) d"
        }
    }

    private static func rounded(_ number: Double, digits: Int) -> String {
        let scale = [1, 10, 100][digits]
        let scaled = Int((number * Double(scale)).rounded())
        guard digits > 0 else { return "\(scaled)" }
        let fraction = String(scaled % scale)
        return "\(scaled / scale).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }
}
