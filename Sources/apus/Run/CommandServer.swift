internal import CProcess
internal import Files
internal import Glibc
internal import HTTPServer
internal import MLflowClient
internal import SQLite
internal import Synchronization

/// The server for the command of `apus run`: a child process, or a server that is already running on the data.
///
/// This process keeps open the listening sockets of a server that it has started. If that server dies, the next one listens
/// at the same address, and no connection is refused meanwhile.
final class CommandServer {
    struct Settings {
        /// The arguments for `apus server`, without those that `apus run` adds itself.
        let arguments: [String]
        let databasePath: String
        let host: String
        let port: Int
    }

    /// The result of a check whether the server has ended.
    enum Change {
        /// The server is running.
        case none
        /// The server had ended, and another one answers at the same address.
        case restarted
        /// The server has ended, and no other one could be started.
        case lost(StartFailure)
    }

    /// A server that another process has started.
    private final class FoundServer: Sendable {
        let hasEnded = Atomic(false)

        /// - Parameter owner: the process of the server; nil if the server is known to be stopping.
        init(_ owner: pid_t?) {
            guard let owner, let process = WatchedProcess(owner) else {
                hasEnded.store(true, ordering: .relaxed)
                return
            }
            process.whenEnded { [self] in
                hasEnded.store(true, ordering: .releasing)
                // This signal wakes the main thread up, as the end of a child does.
                kill(getpid(), SIGCHLD)
            }
        }
    }

    private static let longestStop = Duration.seconds(10)
    private static let longestTakeOver = Duration.seconds(15)
    /// If servers have died more often than this, each within `stableTime` of its start, no further one is started.
    private static let mostDeaths = 5
    private static let stableTime = Duration.seconds(60)

    private let settings: Settings
    private let signals: SignalForwarder
    private let command: pid_t
    private var sockets: [Descriptor] = []
    private var foundServer: FoundServer?
    private var lastStart = ContinuousClock.now
    private var deaths = 0
    /// The process of the server that this object has started; nil while a server of another process is used.
    private(set) var pid: pid_t?
    /// The address that the command uses; empty until a server has answered.
    private(set) var uri = ""

    init(_ settings: Settings, for command: pid_t, _ signals: SignalForwarder) {
        self.settings = settings
        self.command = command
        self.signals = signals
    }

    /// Whether the command uses a server of another process.
    var isFound: Bool { foundServer != nil }

    /// Starts a server, or finds one that is running; returns when the server answers, or when the command has ended.
    func begin() throws {
        sockets = try HTTPServer.listen(host: settings.host, port: settings.port)
        try launch()
    }

    /// Starts the next server at the same address if the server has ended.
    func restartIfEnded() -> Change {
        do {
            if let pid, let status = signals.status(of: pid) {
                try restart(after: status)
                return .restarted
            }
            if let foundServer, foundServer.hasEnded.load(ordering: .acquiring) {
                try takeOver()
                return .restarted
            }
            return .none
        } catch {
            (sockets, pid, foundServer) = ([], nil, nil)
            return .lost(error as? StartFailure ?? StartFailure(StartFailure.message(for: error)))
        }
    }

    /// Stops a server that this object has started, first with SIGTERM and, if that takes too long, with SIGKILL.
    func stop() {
        sockets = []
        guard let pid, signals.status(of: pid) == nil else { return }
        kill(pid, SIGTERM)
        signals.wait(atMost: Self.longestStop) { signals.status(of: pid) != nil }
        guard signals.status(of: pid) == nil else { return }
        kill(pid, SIGKILL)
        signals.wait(atMost: Self.longestStop) { signals.status(of: pid) != nil }
    }

    /// Starts the next server after one has died, and first waits for 1 s if an earlier one also died soon after its start.
    ///
    /// - Parameter status: the exit status of the server that has died.
    private func restart(after status: Int32) throws(StartFailure) {
        var status = status
        while true {
            deaths = ContinuousClock.now - lastStart > Self.stableTime ? 1 : deaths + 1
            guard deaths <= Self.mostDeaths else {
                throw StartFailure("the server has ended \(deaths) times, last with status \(status)")
            }
            if deaths > 1 {
                signals.wait(atMost: .seconds(1)) { signals.status(of: command) != nil }
                if signals.status(of: command) != nil { return }
            }
            do throws(StartFailure) {
                return try launch()
            } catch {
                guard let childStatus = pid.flatMap({ signals.status(of: $0) }), childStatus != 0 else { throw error }
                status = childStatus
            }
        }
    }

    /// After the server of another process has ended, starts one at its address, or uses the one that another `apus run` has
    /// started there.
    private func takeOver() throws {
        guard let address = try? TrackingURI(uri) else { throw StartFailure("the server at \(uri) has ended") }
        let end = ContinuousClock.now + Self.longestTakeOver
        while true {
            do {
                sockets = try HTTPServer.listen(host: address.host, port: address.port)
                return try launch()
            } catch let error as HTTPServerError where error.isAddressInUse && .now < end {
                // Another `apus run` that used the same server may already have started the next one.
                let owner = OwnerLock.owner(ofDatabase: settings.databasePath)
                if let owner, owner.address == uri {
                    foundServer = FoundServer(owner.pid)
                    if foundServer?.hasEnded.load(ordering: .acquiring) == false { return }
                }
                signals.wait(atMost: .milliseconds(50)) { signals.status(of: command) != nil }
                if signals.status(of: command) != nil { return }
            }
        }
    }

    /// Starts `apus server --reuse`, and waits until it serves the data or names the server that already does.
    private func launch() throws(StartFailure) {
        let ready = try TemporaryReadyFile()
        let child = try start(readyFile: ready.path)
        lastStart = .now
        (pid, foundServer) = (child, nil)
        while true {
            signals.wait(within: .milliseconds(5))
            let hasEnded = signals.status(of: child) != nil
            if let address = ready.address { return try use(address, from: child) }
            if hasEnded { throw StartFailure("no server could be started for \(settings.databasePath)") }
            if signals.status(of: command) != nil { return }
        }
    }

    /// Uses the server at an address that a child has written to its ready file.
    private func use(_ address: String, from child: pid_t) throws(StartFailure) {
        guard uri.isEmpty || uri == address else {
            throw StartFailure(
                "\(settings.databasePath) is served at \(address) now, but the command was started with \(uri)"
            )
        }
        uri = address
        let owner = OwnerLock.owner(ofDatabase: settings.databasePath)?.pid
        guard owner != child else { return }
        signals.wait(atMost: Self.longestStop) { signals.status(of: child) != nil }
        (sockets, pid, foundServer) = ([], nil, FoundServer(owner))
    }

    private func start(readyFile: String) throws(StartFailure) -> pid_t {
        var parents = ["--parent-pid", String(getpid())]
        if signals.status(of: command) == nil { parents += ["--parent-pid", String(command)] }
        let arguments = CStrings(
            ["apus", "server", "--reuse", "--ready-file", readyFile] + parents + settings.arguments
        )
        // The child's id is known only after the fork: `apus_start_server` writes it over these spaces.
        let prefix = "LISTEN_PID="
        let environment = CStrings(
            [prefix + String(repeating: " ", count: 16), "LISTEN_FDS=\(sockets.count)"] + Self.inheritedVariables
        )
        guard let listenPIDDigits = environment.pointers[0].map({ $0 + prefix.utf8.count }) else {
            throw StartFailure("There is no memory left.")
        }
        var mask = signals.inheritedMask
        let child = apus_start_server(
            Self.program,
            arguments.pointers,
            environment.pointers,
            listenPIDDigits,
            sockets.map(\.rawValue),
            sockets.count,
            &mask
        )
        guard child > 0 else {
            throw StartFailure("No process can be started for the server: \(String(cString: strerror(errno))).")
        }
        signals.expect(child)
        return child
    }

    /// The path of this program's file; `/proc/self/exe` if that path cannot be resolved.
    private static var program: String {
        let link = "/proc/self/exe"
        guard let path = realpath(link, nil) else { return link }
        defer { free(path) }
        return String(cString: path)
    }

    private static var inheritedVariables: [String] {
        var variables: [String] = []
        var next = environ
        while let entry = next.pointee {
            let variable = String(cString: entry)
            let name = String(variable.prefix { $0 != "=" })
            if !ForeignVariables.names.contains(name) { variables.append(variable) }
            next += 1
        }
        return variables
    }
}

/// A ready file in a temporary folder, which is removed with this object.
private final class TemporaryReadyFile {
    private let folder: String
    var path: String { folder + "/ready" }

    init() throws(StartFailure) {
        let parent = Environment.process["TMPDIR"].flatMap { FileKind($0) == .folder ? $0 : nil } ?? "/tmp"
        guard let template = strdup(parent + "/apus-run-XXXXXX") else { throw StartFailure("There is no memory left.") }
        defer { free(template) }
        guard mkdtemp(template) != nil else {
            throw StartFailure("No folder can be made in \(parent): \(String(cString: strerror(errno))).")
        }
        folder = String(cString: template)
    }

    deinit {
        unlink(path)
        rmdir(folder)
    }

    /// Reads the address in the file; nil until the file exists.
    var address: String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}
