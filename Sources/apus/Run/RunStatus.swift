internal import JSON
internal import Synchronization

/// The state of an `apus run`, as its status file shows it to other programs.
struct RunStatus: Equatable, Sendable {
    /// In the stage `draining`, the command has ended, and the server waits for leftover processes or sends data to its upstream.
    enum Stage: String, Sendable { case starting, running, draining, ended }

    var stage = Stage.starting
    var trackingURI: String?
    let databasePath: String
    /// Whether the server belongs to another process, and keeps running when the command has ended.
    var isServerFound = false
    let command: [String]
    /// The id of the command's process; nil before it has one.
    var commandPID: Int32?
    /// The exit status of the command, or 128 plus the number of a signal that ended it; nil while it is running.
    var commandStatus: Int32?
    /// The start in Unix milliseconds; `endTime` has the same unit.
    let startTime: Int64
    var endTime: Int64?
    /// The runs that were created since the start, the oldest first.
    var runIDs: [String] = []
    /// The data that the upstream of the server still lacks; nil if the server has no upstream.
    var backlog: ForwardBacklog?
    /// The message of the last failure of the server.
    var lastError: String?

    var json: [UInt8] {
        let object = JSONWriter.object { writer in
            writer.member("stage", stage.rawValue)
            writer.optional("tracking_uri", trackingURI)
            writer.member("data_dir", StorageLayout.parent(of: databasePath))
            writer.member("database", databasePath)
            writer.member("server", isServerFound ? "found" : "started")
            writer.member("command", strings: command)
            writer.optional("command_pid", commandPID.map { Int64($0) })
            writer.optional("command_status", commandStatus.map { Int64($0) })
            writer.member("start_time", startTime)
            writer.optional("end_time", endTime)
            writer.member("run_ids", strings: runIDs)
            writer.write(backlog)
            writer.optional("last_error", lastError)
        }
        return object + [UInt8(ascii: "\n")]
    }
}

extension JSONWriter {
    /// Writes a member whose value is null if the argument is nil.
    fileprivate mutating func optional(_ name: StaticString, _ text: String?) {
        key(name)
        if let text { string(text) } else { null() }
    }

    fileprivate mutating func optional(_ name: StaticString, _ number: Int64?) {
        key(name)
        if let number { int(number) } else { null() }
    }

    fileprivate mutating func write(_ backlog: ForwardBacklog?) {
        key("backlog")
        guard let backlog else { return null() }
        beginObject()
        member("upstream", backlog.upstream)
        member("current", backlog.isCurrent)
        member("runs", backlog.runs)
        member("artifact_owners", backlog.artifactOwners)
        member("artifact_bytes", backlog.artifactBytes)
        optional("failure", backlog.failure)
        endObject()
    }
}

/// Holds the status of a run, and writes it to the file of `--status-file`, if there is one, whenever it changes.
final class RunStatusFile: Sendable {
    private struct State {
        var status: RunStatus
        var hasReportedFailure = false
    }

    private let path: String?
    private let state: Mutex<State>

    /// Writes the file for the first time.
    /// - Throws: `StartFailure` if the file cannot be written.
    init(_ path: String?, _ status: RunStatus) throws(StartFailure) {
        self.path = path
        state = Mutex(State(status: status))
        guard let path else { return }
        do throws(WholeFile.Fault) {
            try WholeFile.write(status.json, to: path)
        } catch {
            throw StartFailure("--status-file '\(path)' cannot be written: \(error.reason).")
        }
    }

    var status: RunStatus { state.withLock(\.status) }

    func change(_ body: (inout RunStatus) -> Void) {
        state.withLock { state in
            let before = state.status
            body(&state.status)
            guard let path, state.status != before else { return }
            do throws(WholeFile.Fault) {
                try WholeFile.write(state.status.json, to: path)
            } catch {
                guard !state.hasReportedFailure else { return }
                state.hasReportedFailure = true
                StandardStream.error.write("apus: --status-file '\(path)' cannot be written: \(error.reason).")
            }
        }
    }
}
