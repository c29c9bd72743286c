internal import ArtifactStore
internal import Budgets
internal import Coding
internal import HTTPWire
internal import Identities
internal import JSON
internal import Synchronization
internal import Tracking

/// An HTML file with Apus's pages and the exported data as a JSON document, which is made while it is being sent.
///
/// The document is `{"runs": [{"run", "extremes"}], "experiments", "curves", "artifacts": [{"run_id", "files"}],
/// "start", "made", "left_out"}`:
/// - a run as in `runs/get`, and the extremes of its metrics as `{KEY: [minimum, its step, maximum, its step]}`;
/// - a curve as in `metrics/curves`;
/// - a file as in `artifacts/list`, with its content in base64;
/// - `start`, the address of the page that is shown first; `made`, a time in Unix milliseconds; and `left_out`, a text
///   for people that says what is missing.
///
/// `static/core/offline.js` reads the document. Each piece is read in its own transaction, which ends before the piece
/// is written.
final class ExportBody: HTTPBodyProducer {
    /// The lists of the document, in the order in which they are written.
    private enum Stage {
        case runs
        case experiments
        case curves
        case artifacts
        case end
    }

    private struct State {
        var stage = Stage.runs
        /// The index of the next run or curve of the stage.
        var nextIndex = 0
        /// Whether the current list is still empty.
        var isFirst = true
        var experimentIDs: Set<Int64>
        var runs: [RunInfo] = []
        var curves: [MetricHistory] = []
        /// The number of curves that were left out because there were too many.
        var leftOutCurves = 0
        /// The number of files whose content was left out because of a limit or because they could not be read.
        var leftOutFiles = 0
        /// The number of files and folders in the document.
        var listedEntries = 0
        /// The number of bytes that the contents of all further files may have.
        var fileBytesLeft = ExportBody.maximumTotalFileBytes
        /// The number of bytes that the contents of further files of the current run may have.
        var runBytesLeft: Int64 = 0
        var hasBegunRun = false
        var walk: ArtifactWalk?
    }

    /// The length of a piece, in bytes.
    ///
    /// A piece may be longer by one file.
    private static let pieceBytes = 128 * 1_024
    private static let runsAtOnce = 10
    private static let maximumCurves = 10_000
    /// The number of points of all curves together; each curve gets from 50 to 1,000.
    private static let curvePoints = 500_000
    /// The number of points of a metric above which only a sample is read.
    private static let readPoints: Int64 = 20_000
    /// The approximate length of a curve's point as JSON.
    private static let bytesPerPoint = 40
    private static let maximumEntries = 20_000
    /// The maximum size of a file, in bytes, whose content is exported; larger files are listed without content.
    private static let largestFile: Int64 = 1_048_576
    private static let maximumTotalFileBytes: Int64 = 24 * 1_048_576

    private let selection: ExportSelection
    private let api: MLflowAPI
    private let caller: Caller
    /// The time spent in all reads for this export.
    private let effort: ReadEffort
    private let shell: ExportShell
    private let runIDs: [String]
    private let state: Mutex<State>

    /// The memory for the largest file, whose bytes, base64 and escaped JSON are in memory at the same time.
    let memoryBytes = 5 * 1_048_576

    /// Finds the runs, so that an error for an unknown run is thrown before anything is sent.
    init(_ selection: ExportSelection, of api: MLflowAPI, for caller: Caller) throws {
        self.selection = selection
        self.api = api
        self.caller = caller
        shell = api.settings.exportShell()
        let found = try api.store.readNow(for: caller) { session in
            (try Self.runIDs(of: selection, in: session), session.effortOfWholeAnswer())
        }
        (runIDs, effort) = found
        let experimentIDs = if case .table(let search) = selection { Set(search.experimentIDs) } else { Set<Int64>() }
        state = Mutex(State(experimentIDs: experimentIDs))
    }

    private static func runIDs(of selection: ExportSelection, in session: any TrackingReading) throws -> [String] {
        switch selection {
        case .runs(let runIDs):
            for runID in runIDs { _ = try session.runInfo(id: runID) }
            return runIDs
        case .table(let search):
            for id in search.experimentIDs { _ = try session.experiment(id: id) }
            return try session.findRunTable(search, columns: []).whole(in: session).map(\.runID)
        }
    }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        try state.withLock { state in
            if state.stage == .runs, state.nextIndex == 0 {
                buffer += shell.before
                buffer.append(contentsOf: "{\"runs\":[".utf8)
            }
            switch state.stage {
            case .runs: try writeRuns(&state, to: &buffer)
            case .experiments: try writeExperiments(&state, to: &buffer)
            case .curves: try writeCurves(&state, to: &buffer)
            case .artifacts: writeArtifacts(&state, to: &buffer)
            case .end:
                writeEnd(state, to: &buffer)
                return false
            }
            return true
        }
    }

    /// Ends the list of the current stage, and begins the list of the next stage.
    private func begin(_ stage: Stage, _ name: String, _ state: inout State, _ buffer: inout [UInt8]) {
        buffer.append(contentsOf: (stage == .end ? "]" : "],\"\(name)\":[").utf8)
        state.stage = stage
        state.nextIndex = 0
        state.isFirst = true
    }

    /// Adds an element to the list of the current stage.
    private func addElement(_ state: inout State, to buffer: inout [UInt8], _ write: (inout JSONWriter) -> Void) {
        var writer = JSONWriter(capacity: 1_024)
        write(&writer)
        if !state.isFirst { buffer.append(UInt8(ascii: ",")) }
        state.isFirst = false
        ExportShell.escape(writer.takeBytes(), into: &buffer)
    }

    private func read<Value: Sendable>(
        _ work: @escaping @Sendable (any TrackingReading) throws -> Value
    ) throws -> Value {
        try api.store.readNow(.continued, for: caller, effort: effort, work)
    }
}

// MARK: Runs, experiments and curves

extension ExportBody {
    private typealias FoundRun = (run: Run, extremes: [(key: String, extremes: MetricExtremes)])

    private func writeRuns(_ state: inout State, to buffer: inout [UInt8]) throws {
        let ids = runIDs[state.nextIndex...].prefix(Self.runsAtOnce)
        let found = try read { session in
            try ids.map { (try session.run(id: $0), try session.metricExtremes(runID: $0)) as FoundRun }
        }
        for (run, extremes) in found {
            state.experimentIDs.insert(run.info.experimentID)
            addCurves(of: run, to: &state)
            addElement(&state, to: &buffer) { writer in
                writer.beginObject()
                writer.key("run")
                writer.write(run)
                writer.memberObject("extremes") { writer in
                    for (key, extremes) in extremes { writer.write(extremes, of: key) }
                }
                writer.endObject()
            }
        }
        state.nextIndex += ids.count
        if state.nextIndex == runIDs.count { begin(.experiments, "experiments", &state, &buffer) }
    }

    /// Adds a run and its curves to the lists for later stages.
    private func addCurves(of run: Run, to state: inout State) {
        // A table is exported without curves and artifacts.
        guard case .runs = selection else { return }
        state.runs.append(run.info)
        let remainingCurves = Self.maximumCurves - state.curves.count
        state.curves += run.metrics.prefix(remainingCurves).map { MetricHistory(runID: run.info.runID, key: $0.key) }
        state.leftOutCurves += max(run.metrics.count - remainingCurves, 0)
    }

    private func writeExperiments(_ state: inout State, to buffer: inout [UInt8]) throws {
        let ids = state.experimentIDs.sorted()
        for experiment in try read({ session in try ids.map { try session.experiment(id: $0) } }) {
            addElement(&state, to: &buffer) { $0.write(experiment) }
        }
        begin(.curves, "curves", &state, &buffer)
    }

    private func writeCurves(_ state: inout State, to buffer: inout [UInt8]) throws {
        let points = min(max(Self.curvePoints / max(state.curves.count, 1), 50), 1_000)
        let request = CurveRequest(axis: .step, maximumPoints: points, maximumPointsRead: Self.readPoints)
        let histories = state.curves[state.nextIndex...].prefix(max(Self.pieceBytes / (points * Self.bytesPerPoint), 1))
        let found = try read { session in
            try histories.map { ($0, try session.curve(of: $0, request, after: nil)) }
        }
        for case (let history, let curve?) in found { addElement(&state, to: &buffer) { $0.write(curve, of: history) } }
        state.nextIndex += histories.count
        if state.nextIndex == state.curves.count { begin(.artifacts, "artifacts", &state, &buffer) }
    }

    private func writeEnd(_ state: State, to buffer: inout [UInt8]) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("start", startAddress(state))
        writer.member("made", currentMilliseconds())
        let leftOut = [(state.leftOutCurves, "curves"), (state.leftOutFiles, "files")].filter { $0.0 > 0 }
        if !leftOut.isEmpty { writer.member("left_out", leftOut.map { "\($0.0) \($0.1)" }.joined(separator: ", ")) }
        writer.endObject()
        buffer.append(UInt8(ascii: ","))
        ExportShell.escape(writer.takeBytes().dropFirst(), into: &buffer)
        buffer += shell.after
    }

    /// Returns the address of the page that is shown first.
    private func startAddress(_ state: State) -> String {
        switch selection {
        case .table(let search):
            return "#/experiments/" + search.experimentIDs.map { "\($0)" }.joined(separator: ",")
        case .runs:
            let ids = runIDs.map { PercentCoding.encode($0) }
            guard ids.count == 1, let run = state.runs.first else {
                return "#/compare?runs=" + ids.joined(separator: ",")
            }
            return "#/experiments/\(run.experimentID)/runs/\(ids[0])"
        }
    }
}

// MARK: Artifacts

extension ExportBody {
    /// Writes the next files of the current run, or ends the run's list or the stage.
    ///
    /// Each run has a share of the bytes for contents, so that the last run's files also get their contents.
    private func writeArtifacts(_ state: inout State, to buffer: inout [UInt8]) {
        guard state.nextIndex < state.runs.count else { return begin(.end, "", &state, &buffer) }
        if !state.hasBegunRun { beginRun(state.runs[state.nextIndex], &state, &buffer) }
        let end = buffer.count + Self.pieceBytes
        while buffer.count < end {
            let entry: ArtifactWalk.Entry?
            do {
                entry = try state.walk?.next()
            } catch {
                // A walk that has failed cannot be continued. The failure counts as one file, because the number of
                // files that were not found is unknown.
                state.leftOutFiles += 1
                entry = nil
            }
            guard let entry else {
                buffer.append(contentsOf: (state.walk == nil ? "}" : "]}").utf8)
                (state.walk, state.hasBegunRun, state.isFirst) = (nil, false, false)
                state.nextIndex += 1
                return
            }
            write(entry, &state, &buffer)
        }
    }

    /// Begins the element of a run.
    ///
    /// The element has no list of files if this server cannot read the run's artifacts.
    private func beginRun(_ run: RunInfo, _ state: inout State, _ buffer: inout [UInt8]) {
        state.hasBegunRun = true
        state.runBytesLeft = state.fileBytesLeft / Int64(state.runs.count - state.nextIndex)
        if let folder = try? api.servedFolder(of: run, for: caller, to: .read) { state.walk = try? folder.walk() }
        var writer = JSONWriter()
        writer.string(run.runID)
        if !state.isFirst { buffer.append(UInt8(ascii: ",")) }
        buffer.append(contentsOf: "{\"run_id\":".utf8)
        ExportShell.escape(writer.takeBytes(), into: &buffer)
        if state.walk != nil { buffer.append(contentsOf: ",\"files\":[".utf8) }
        state.isFirst = true
    }

    private func write(_ entry: ArtifactWalk.Entry, _ state: inout State, _ buffer: inout [UInt8]) {
        guard state.listedEntries < Self.maximumEntries else {
            if !entry.isDirectory { state.leftOutFiles += 1 }
            return
        }
        state.listedEntries += 1
        let content = Self.content(of: entry, atMost: min(state.runBytesLeft, Self.largestFile))
        if !entry.isDirectory, content == nil { state.leftOutFiles += 1 }
        state.runBytesLeft -= Int64(content?.count ?? 0)
        state.fileBytesLeft -= Int64(content?.count ?? 0)
        addElement(&state, to: &buffer) { $0.write(entry, content) }
    }

    /// Returns the content of a file; nil if it is a folder, is too long, or cannot be read.
    private static func content(of entry: ArtifactWalk.Entry, atMost limit: Int64) -> [UInt8]? {
        guard !entry.isDirectory, entry.size <= limit, let file = try? entry.open(), file.size <= limit else {
            return nil
        }
        return try? file.bytes()
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ extremes: MetricExtremes, of name: String) {
        key(name)
        beginArray()
        metricNumber(extremes.minimum.value)
        int(extremes.minimum.step)
        metricNumber(extremes.maximum.value)
        int(extremes.maximum.step)
        endArray()
    }

    fileprivate mutating func write(_ entry: ArtifactWalk.Entry, _ content: [UInt8]?) {
        beginObject()
        member("path", entry.path)
        member("is_dir", entry.isDirectory)
        if entry.size > 0 { member("file_size", entry.size) }
        if let content { member("content", Base64.encode(content, .standard)) }
        endObject()
    }
}
