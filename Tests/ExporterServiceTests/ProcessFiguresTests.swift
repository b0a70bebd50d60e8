import Foundation
import Testing

@testable import ExporterService

@Suite struct ProcessFiguresTests {
    @Test func areReadFromTheTextsOfProc() {
        let figures = ProcessFigures(
            stat: """
                17 (a ) b (c) S 1 17 17 0 -1 4194304 1000 0 0 0 250 50 0 0 20 0 9 0 4200 106496000 5000 \
                18446744073709551615 1 1 0
                """,
            bootTime: 1_700_000_000,
            limits:
                "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 4096      files\n",
            openDescriptors: 12,
            ticksPerSecond: 100,
            pageSize: 4096
        )
        #expect(figures.cpuSeconds == 3)
        #expect(figures.startTime == 1_700_000_042)
        #expect(figures.residentBytes == 20_480_000)
        #expect(figures.virtualBytes == 106_496_000)
        #expect(figures.threads == 9)
        #expect(figures.openDescriptors == 12)
        #expect(figures.maximumDescriptors == 1024)
    }

    @Test func whatProcDoesNotSayIsUnknown() {
        let figures = ProcessFigures(
            stat: "",
            bootTime: 1_700_000_000,
            limits: "Max open files            unlimited            unlimited            files\n",
            openDescriptors: nil,
            ticksPerSecond: 100,
            pageSize: 4096
        )
        #expect(figures.cpuSeconds == nil)
        #expect(figures.startTime == nil)
        #expect(figures.residentBytes == nil)
        #expect(figures.maximumDescriptors == nil)
    }

    @Test func ofThisProcessAreKnown() {
        let figures = ProcessFigures.ofThisProcess()
        #expect((figures.residentBytes ?? 0) > 1_000_000)
        #expect((figures.openDescriptors ?? 0) > 2)
        #expect((figures.threads ?? 0) > 0)
        let age = Date().timeIntervalSince1970 - (figures.startTime ?? 0)
        // Whole seconds, and tests that have run for a while.
        #expect((-1...3600).contains(age))
    }
}
