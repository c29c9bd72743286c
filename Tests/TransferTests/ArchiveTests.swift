import TestSupport
import Testing
import Tracking
import TrackingStore

@testable import Transfer

@Suite struct ArchiveTests {
    /// An archive of records, and of files after the run.
    private func archive(_ records: [TransferRecord], files: [(path: String, content: [UInt8])] = []) -> [UInt8] {
        var (writer, bytes) = (ArchiveWriter(), [UInt8]())
        writer.begin(&bytes)
        for record in records {
            writer.add(record, to: &bytes)
            guard case .run = record else { continue }
            for file in files {
                writer.beginFile(file.path, size: Int64(file.content.count), modified: 7, to: &bytes)
                writer.addToFile(file.content, to: &bytes)
            }
        }
        writer.end(&bytes)
        return bytes
    }

    private struct Found {
        var records: [TransferRecord] = []
        var files: [String] = []
        var skipped: [String] = []
    }

    private func read(
        _ bytes: [UInt8],
        piece: Int = 1_000,
        _ selection: TransferSelection = TransferSelection()
    ) throws -> Found {
        var rest = bytes[...]
        let source = ArchiveSource(title: "archive") {
            defer { rest = rest.dropFirst(piece) }
            return Array(rest.prefix(piece))
        }
        var found = Found()
        try source.read(selection) { item in
            switch item {
            case .record(let record): found.records.append(record)
            case .archivedFile(let file):
                _ = try file.open()
                found.files.append("\(file.path) \(file.size)")
            case .skipped(let place, let reason): found.skipped.append("\(place): \(reason)")
            case .artifacts, .remoteFile, .hint: Issue.record("unexpected: \(item)")
            }
        }
        return found
    }

    private let folder = "7/\(Sample.runID)/artifacts"

    @Test(arguments: [1, 511, 513, 100_000]) func `what is written is read, however it arrives`(piece: Int) throws {
        let long = "\u{301}größe/" + String(repeating: "x", count: 120)
        let files = [
            ("\(folder)/a.txt", Array("hello".utf8)), ("\(folder)/\(long)", []),
            ("\(folder)/b", [UInt8](repeating: 9, count: 512)),
        ]
        let found = try read(archive(Sample.all, files: files), piece: piece)
        #expect(found.records == Sample.all && found.skipped == [])
        #expect(found.files == ["\(folder)/a.txt 5", "\(folder)/\(long) 0", "\(folder)/b 512"])
    }

    @Test func `files that are not the run's are left out`() throws {
        let files = ["other/a", "\(folder)x/a", folder, "../a"].map { ($0, Array("x".utf8)) }
        let found = try read(archive(Sample.all, files: files))
        #expect(found.files == [] && found.skipped.count == files.count)
        #expect(found.skipped[0] == "artifacts/other/a: it is not in the folder of the last run or model before it")
    }

    @Test func `with a selection come its runs, their points and their files`() throws {
        var selection = TransferSelection()
        selection.runs = ["another"]
        let files = [("\(folder)/a", Array("x".utf8))]
        let none = try read(archive(Sample.all, files: files), selection)
        #expect(none.files == [])
        #expect(none.records.allSatisfy { $0.subject.kind == .experiment })
        selection.runs = [Sample.runID]
        let found = try read(archive(Sample.all, files: files), selection)
        #expect(found.files == ["\(folder)/a 1"])
        #expect(found.records.contains { $0.subject.kind == .points })
        #expect(!found.records.contains { $0.subject.kind == .registeredModel })
    }

    @Test func `an archive that is cut off anywhere is recognised`() throws {
        let bytes = archive(Sample.all, files: [("\(folder)/a", [UInt8](repeating: 1, count: 700))])
        for end in stride(from: 0, to: bytes.count, by: 97) {
            #expect(throws: SourceFailure.self) { try read(Array(bytes[..<end])) }
        }
    }

    @Test func `a damaged header is recognised, and a damaged line is told`() throws {
        var bytes = archive(Sample.all)
        bytes[1_024] ^= 1
        #expect(throws: SourceFailure.self) { try read(bytes) }
        var lines: [UInt8] = []
        ArchiveWriter().begin(&lines)
        ArchiveFormat.append("records/1.jsonl", Array("{\n\n{\"later\": {}}\n[1]".utf8), to: &lines)
        let found = try read(lines + TarEntry.end)
        #expect(found.skipped.count == 3 && found.skipped[0].hasPrefix("records/1.jsonl, line 1: "))
        #expect(found.skipped[1].hasPrefix("records/1.jsonl, line 3: this version of Apus does not know this kind"))
        #expect(found.skipped[2].hasPrefix("records/1.jsonl, line 4: "))
    }

    @Test(arguments: [
        ("", "has unexpected content"), ("{", "has unexpected content"),
        ("{\"format\":\"other\",\"version\":1}", "has unexpected content"),
        ("{\"format\":\"apus-archive\",\"version\":0}", "has unexpected content"),
        ("{\"format\":\"apus-archive\",\"version\":2}", "made by a later version"),
    ])
    func `an archive that says that it is something else is refused`(mark: String, words: String) throws {
        var bytes: [UInt8] = []
        ArchiveFormat.append(ArchiveFormat.firstFile, Array(mark.utf8), to: &bytes)
        let failure = #expect(throws: SourceFailure.self) { try read(bytes + TarEntry.end) }
        #expect(failure?.description.contains(words) == true)
    }

    @Test func `one block of zeros is damage, and what stands behind the end is told`() throws {
        let bytes = archive(Sample.all)
        let block = [UInt8](repeating: 0, count: TarEntry.blockBytes)
        #expect(throws: SourceFailure.self) { try read(Array(bytes[..<1_024]) + block + bytes[1_024...]) }
        #expect(try read(bytes + block + block).skipped == [])
        let joined = try read(bytes + bytes)
        #expect(joined.records == Sample.all && joined.skipped.count == 1)
        #expect(joined.skipped.first?.contains("follow the end") == true)
    }

    @Test func `an entry whose name is not UTF-8 is told, and everything else comes`() throws {
        var bytes = archive(Sample.all, files: [("\(folder)/x", Array("1".utf8)), ("\(folder)/y", Array("2".utf8))])
        let name = Array("artifacts/\(folder)/x".utf8)
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
        bytes[place + name.count - 1] = 0xFF
        let (before, after) = (UInt32(UInt8(ascii: "x")), UInt32(0xFF))
        let sum = bytes[(place + 148)..<(place + 154)].reduce(0) { $0 * 8 + UInt32($1 - 48) } + after - before
        for digit in 0..<6 { bytes[place + 153 - digit] = UInt8(48 + (sum >> (3 * digit)) % 8) }
        let found = try read(bytes)
        #expect(found.records == Sample.all && found.files == ["\(folder)/y 1"])
        #expect(found.skipped.count == 1 && found.skipped[0].hasSuffix("its name is not UTF-8"))
    }

    @Test func `a run brings no files into the folder of another`() throws {
        let victim = String(repeating: "5", count: 32)
        for location in ["7/\(victim)/artifacts", "7/\(victim)/artifacts/\(Sample.runID)/artifacts", "7/elsewhere"] {
            let records = Sample.all.map { record in
                guard case .run(var run) = record else { return record }
                run.run.info.artifactURI = "mlflow-artifacts:/\(location)"
                return .run(run)
            }
            let found = try read(archive(records, files: [("\(location)/a", Array("x".utf8))]))
            #expect(found.files == [] && found.skipped.count == 1)
        }
    }

    @Test(
        arguments: [
            ([], "is empty"), ([0x1F, 0x8B, 8, 0], "gzip -dc"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd -dc"),
        ] as [([UInt8], String)]
    )
    func `what is no archive is told by what it is`(bytes: [UInt8], words: String) throws {
        let failure = #expect(throws: SourceFailure.self) { try read(bytes) }
        #expect(failure?.description.contains(words) == true)
    }

    @Test func `a store that has taken an archive writes the same archive`() throws {
        let (first, second) = (try StoreFixture(), try StoreFixture())
        _ = try first.write { try $0.importRecords(Sample.all) }
        let records = try first.records()
        #expect(Set(records.map(\.subject.kind)) == Set(TransferKind.allCases))
        let report = try second.write { try $0.importRecords(records) }
        #expect(report.remarks == [])
        #expect(try archive(second.records()) == archive(records))
    }
}
