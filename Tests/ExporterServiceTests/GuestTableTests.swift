import Testing

@testable import ExporterService

@Suite struct GuestTableTests {
    private let plain = TerminalStyle(hasColour: false, hasUnicode: false)
    private let rich = TerminalStyle(hasColour: true, hasUnicode: true)

    private func guests() -> [GuestSummary] {
        GuestSummary.all(
            in: guestSnapshot([
                guestSample("web-1", usable: 26_214), guestSample("🦊 db", status: .stale),
                guestSample("silent", total: nil, usable: nil, status: .noDriver, lastUpdate: 0),
            ])
        )
    }

    @Test func theColumnsStandUnderEachOther() {
        #expect(
            GuestTable.text(guests(), plain) == """
                NAME    STATE       TOTAL     USED  USABLE              BALLOON  RSS  UPDATED  STATUS
                web-1   running  1.00 GiB  998 MiB     2 %  #.........        -    -      4 s  ok
                🦊 db   running  1.00 GiB  512 MiB    50 %  #####.....        -    -      4 s  \
                stale: the guest's balloon driver stopped answering
                silent  running         -        -       -                    -    -        -  \
                no_driver: the guest has no balloon driver, or one without statistics

                """
        )
    }

    @Test func coloursSayHowShortAGuestIs() {
        let lines = GuestTable.text(guests(), rich).split(separator: "\n")
        #expect(lines[1].contains("\u{1b}[31m2 %\u{1b}[0m"))
        // Its driver is silent: what it had left says nothing of now.
        #expect(lines[2].contains("  50 %  █████░░░░░  "))
        #expect(!GuestTable.text(guests(), plain).contains("\u{1b}"))
    }

    @Test func aNameCannotSteerTheTerminal() {
        let hostile = GuestSummary.all(in: guestSnapshot([guestSample("a\u{1b}[2J\u{9b}31m\u{202e}b\r\nc")]))
        let text = GuestTable.text(hostile, plain)
        #expect(text.contains("a\u{fffd}[2J\u{fffd}31m\u{fffd}b\u{fffd}\u{fffd}c"))
        #expect(text.split(separator: "\n").count == 2)
        #expect(!GuestDetails.text(hostile[0], plain).contains("\u{1b}"))
    }

    @Test func aLongNameLeavesRoomForTheFigures() {
        let long = GuestSummary.all(in: guestSnapshot([guestSample(String(repeating: "x", count: 200))]))
        #expect(GuestTable.text(long, plain).contains(String(repeating: "x", count: 39) + "~  running"))
    }

    @Test func aHostWithoutDomainsIsSaidToHaveNone() {
        #expect(GuestTable.text([], plain) == "No domain is active.\n")
    }

    @Test func oneGuestInFullComesWithAdvice() {
        let guest = GuestSummary.all(in: guestSnapshot([guestSample("win", usable: nil, status: .noValues)]))[0]
        let text = GuestDetails.text(guest, plain)
        #expect(text.contains("statistics    no_values"))
        #expect(text.contains("  total          1.00 GiB  MemTotal\n"))
        #expect(text.contains("blnsvr.exe -i"))
        #expect(text.split(separator: "\n").allSatisfy { !$0.hasSuffix(" ") })
    }
}
