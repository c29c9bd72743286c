internal import ArtifactStore
internal import Coding
internal import Files
internal import HTTPWire
internal import JSON
internal import Synchronization
internal import Tracking

/// The approximate length of one piece of an answer.
private let pieceBytes = 64 * 1_024

/// The body of an answer with a folder as a zip archive.
final class ArtifactZipBody: HTTPBodyProducer {
    private let archive: Mutex<ZipArchive>

    init(_ archive: ZipArchive) { self.archive = Mutex(archive) }

    func next(into buffer: inout [UInt8]) throws -> Bool { try archive.withLock { try $0.next(into: &buffer) } }
}

/// The body of an answer with all files of a run: `{"run_id", "root_uri", "files": [{"path", "is_dir", "file_size",
/// "modification_time"}], "file_count", "total_bytes", "next_page_token"}`.
///
/// A folder has no size and, in an object store, no modification time. `file_count` and `total_bytes` count the files of this
/// answer.
final class ArtifactTreeBody: HTTPBodyProducer {
    private struct State {
        var walk: ArtifactWalk
        var writer: JSONWriter
        var remaining: Int64
        var fileCount: Int64 = 0
        var totalBytes: Int64 = 0
        var lastPath = ""
    }

    private let state: Mutex<State>

    init(_ walk: ArtifactWalk, of run: RunInfo, limit: Int64) {
        var writer = JSONWriter(capacity: pieceBytes)
        writer.beginObject()
        writer.member("run_id", run.runID)
        writer.member("root_uri", run.artifactURI)
        writer.key("files")
        writer.beginArray()
        state = Mutex(State(walk: walk, writer: writer, remaining: limit))
    }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        try state.withLock { state in
            var hasMore = true
            while hasMore, state.writer.bytes.count < pieceBytes { hasMore = try Self.step(&state) }
            buffer.append(contentsOf: state.writer.takeBytes())
            return hasMore
        }
    }

    private static func step(_ state: inout State) throws -> Bool {
        guard let entry = try state.walk.next() else {
            end(&state, nextPageToken: nil)
            return false
        }
        guard state.remaining > 0 else {
            end(&state, nextPageToken: state.lastPath)
            return false
        }
        state.remaining -= 1
        state.lastPath = entry.path
        state.writer.beginObject()
        state.writer.member("path", entry.path)
        state.writer.member("is_dir", entry.isDirectory)
        if !entry.isDirectory {
            state.fileCount += 1
            state.totalBytes += entry.size
            state.writer.member("file_size", entry.size)
        }
        if entry.modification.milliseconds != 0 || !entry.isDirectory {
            state.writer.member("modification_time", entry.modification.milliseconds)
        }
        state.writer.endObject()
        return true
    }

    private static func end(_ state: inout State, nextPageToken: String?) {
        state.writer.endArray()
        state.writer.member("file_count", state.fileCount)
        state.writer.member("total_bytes", state.totalBytes)
        state.writer.member("next_page_token", ifPresent: nextPageToken)
        state.writer.endObject()
    }
}

/// The body of an answer that compares the files of several runs, in the order of their paths:
/// `{"run_ids", "files": [{"path", "state", …}], "summary": {"same", "changed", "missing"}}`.
///
/// A path whose state is `same` has one `file_size` and `sha256`. Any other path has `runs`, each with `run_id`,
/// `file_size` and, if another run's file has the same size, `sha256`; a `missing` path also has `missing_in`.
final class ArtifactComparisonBody: HTTPBodyProducer {
    private struct State {
        var comparison: ArtifactComparison
        var writer: JSONWriter
        var summary: [ArtifactComparison.State: Int] = [:]
    }

    private let runIDs: [String]
    private let state: Mutex<State>

    init(_ comparison: ArtifactComparison, runIDs: [String]) {
        self.runIDs = runIDs
        var writer = JSONWriter(capacity: pieceBytes)
        writer.beginObject()
        writer.memberArray("run_ids") { writer in for runID in runIDs { writer.string(runID) } }
        writer.key("files")
        writer.beginArray()
        state = Mutex(State(comparison: comparison, writer: writer))
    }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        try state.withLock { state in
            var step = ArtifactComparison.Step.working
            repeat {
                step = try state.comparison.next()
                if case .path(let path) = step {
                    state.summary[path.state, default: 0] += 1
                    write(path, to: &state.writer)
                }
            } while step.isPath && state.writer.bytes.count < pieceBytes
            if case .end = step { Self.end(&state) }
            buffer.append(contentsOf: state.writer.takeBytes())
            // Line feeds, which JSON allows between values, keep the connection from idling while long files are read.
            if buffer.isEmpty { buffer.append(UInt8(ascii: "\n")) }
            if case .end = step { return false }
            return true
        }
    }

    private func write(_ path: ArtifactComparison.Path, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("path", path.path)
        writer.member("state", path.state.rawValue)
        if path.state == .same, let file = path.files.first ?? nil {
            Self.write(file, to: &writer)
        } else {
            writeEach(path.files, to: &writer)
        }
        writer.endObject()
    }

    private func writeEach(_ files: [ArtifactComparison.File?], to writer: inout JSONWriter) {
        let missing = zip(runIDs, files).filter { $0.1 == nil }.map(\.0)
        if !missing.isEmpty {
            writer.memberArray("missing_in") { writer in for runID in missing { writer.string(runID) } }
        }
        writer.memberArray("runs") { writer in
            for (runID, file) in zip(runIDs, files) {
                guard let file else { continue }
                writer.beginObject()
                writer.member("run_id", runID)
                Self.write(file, to: &writer)
                writer.endObject()
            }
        }
    }

    private static func write(_ file: ArtifactComparison.File, to writer: inout JSONWriter) {
        writer.member("file_size", file.size)
        writer.member("sha256", ifPresent: file.digest.map(Hexadecimal.text))
    }

    private static func end(_ state: inout State) {
        state.writer.endArray()
        let summary = state.summary
        state.writer.memberObject("summary") { writer in
            writer.member("same", summary[.same] ?? 0)
            writer.member("changed", summary[.changed] ?? 0)
            writer.member("missing", summary[.missing] ?? 0)
        }
        state.writer.endObject()
    }
}

extension ArtifactComparison.Step {
    fileprivate var isPath: Bool {
        if case .path = self { true } else { false }
    }
}
