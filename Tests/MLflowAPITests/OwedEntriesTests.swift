import Testing
import Tracking

@testable import MLflowAPI

@Suite struct OwedEntriesTests {
    private let owed = OwedEntries()

    private func entry(_ path: String, _ kind: ArtifactEvent.Kind = .upload) -> OwedEntries.Entry {
        owed.entry(for: ArtifactEvent(kind: kind, path: path, runID: nil, bytes: 1, microseconds: 0), nil, nil)
    }

    /// Takes out all entries, in the order in which they would be written.
    private func taken() throws -> [OwedEntries.Entry] {
        var entries: [OwedEntries.Entry] = []
        while let entry = try owed.beginWriting() {
            entries.append(entry)
            owed.endWriting(entry, isSettled: true)
        }
        return entries
    }

    @Test func `entries are written in the order of the changes, however they have failed`() throws {
        let (first, second, third) = (entry("a"), entry("b"), entry("c"))
        #expect(owed.add(second))
        #expect(!owed.add(third))
        #expect(!owed.add(first))
        #expect(try taken().map(\.event.path) == ["a", "b", "c"])
        #expect(owed.count == 0)
    }

    @Test func `one thread writes at a time, and what fails again is still owed`() throws {
        #expect(try owed.beginWriting()?.number == nil)
        _ = owed.add(entry("a"))
        let first = try #require(try owed.beginWriting())
        #expect(throws: TrackingError.self) { try owed.beginWriting() }
        owed.endWriting(first, isSettled: false)
        #expect(try taken().count == 1)
    }

    @Test func `an entry that a later one of the same files has overtaken does not count any more`() throws {
        let early = [entry("a/b"), entry("a", .deletion), entry("a/bc"), entry("b")]
        let written = entry("a/b")
        let late = entry("a/b")
        for entry in early + [late] { _ = owed.add(entry) }
        owed.noteWritten(written)
        #expect(try taken().map(\.isOutdated) == [true, true, false, false, false])
    }
}
