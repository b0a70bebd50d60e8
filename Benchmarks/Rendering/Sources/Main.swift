import Glibc

/// Measures how a scrape's answer is rendered.
///
/// usage: rendering time DOMAINS…   prints a table for each number of domains; ends with 1 where a target is missed
///        rendering work NAME       does a piece of work once, for callgrind to count
///        rendering works           lists their names
@main
struct Rendering {
    static func main() async {
        let arguments = CommandLine.arguments.dropFirst()
        let counts = arguments.dropFirst().compactMap { Int($0) }
        switch (arguments.first, arguments.dropFirst().first.flatMap(CountedWork.init)) {
        case ("time", _) where !counts.isEmpty && counts.count == arguments.count - 1:
            var isMet = true
            for count in counts {
                isMet = await printTable(of: SyntheticHost(domainCount: count)) && isMet
            }
            exit(isMet ? 0 : 1)
        case ("work", let work?):
            work.run(on: SyntheticHost(domainCount: 1000))
        case ("works", _):
            for work in CountedWork.allCases { print(work.rawValue) }
        default:
            print("usage: rendering time DOMAINS… | work NAME | works")
            exit(64)
        }
    }
}
