internal import CProcess
internal import Files
internal import Glibc
internal import HTTPServer
internal import MLflowClient
internal import SQLite
internal import Synchronization

/// The server that the command of `apus run` logs to: a process that is started for it, or the one that has the data.
///
/// This process holds the listening sockets of a server that it has started, so that a server that dies is followed by
/// another at the same address, and no connection is refused meanwhile.
final class CommandServer {
    struct Settings {
        /// What `apus server` gets, beside what belongs to `apus run`.
        let arguments: [String]
        let databasePath: String
        let host: String
        let port: Int
    }

    /// What came of an end of the server that nobody asked for.
    enum Change {
        case none
        case again
        case lost(StartFailure)
    }

    /// A server that another process has started.
    private final class Found: Sendable {
        let hasEnded = Atomic(false)

        /// - Parameter owner: the process of the server; nil if it is known to stop.
        init(_ owner: pid_t?) {
            guard let owner, let process = WatchedProcess(owner) else {
                hasEnded.store(true, ordering: .relaxed)
                return
            }
            process.whenEnded { [self] in
                hasEnded.store(true, ordering: .releasing)
                // Wakes the main thread up, as the end of a child does.
                kill(getpid(), SIGCHLD)
            }
        }
    }

    private static let longestStop = Duration.seconds(10)
    private static let longestTakeOver = Duration.seconds(15)
    /// A server that dies so often, each time within the time of a stable one, is not started again.
    private static let mostDeaths = 5
    private static let stableTime = Duration.seconds(60)

    private let settings: Settings
    private let signals: SignalPump
    private let command: pid_t
    private var sockets: [Descriptor] = []
    private var found: Found?
    private var lastStart = ContinuousClock.now
    private var deaths = 0
    /// The process of the server that was started here; nil while another process's server is used.
    private(set) var pid: pid_t?
    /// The address that the command uses; empty until a server has answered.
    private(set) var uri = ""

    init(_ settings: Settings, for command: pid_t, _ signals: SignalPump) {
        self.settings = settings
        self.command = command
        self.signals = signals
    }

    var isFound: Bool { found != nil }

    /// Starts a server or finds one; returns when it answers, or when the command has ended first.
    func begin() throws {
        sockets = try HTTPServer.listen(host: settings.host, port: settings.port)
        try launch()
    }

    /// Looks whether the server has ended, and if so sees to it that one answers again at its address.
    func keep() -> Change {
        do {
            if let pid, let status = signals.status(of: pid) {
                try follow(status)
                return .again
            }
            if let found, found.hasEnded.load(ordering: .acquiring) {
                try takeOver()
                return .again
            }
            return .none
        } catch {
            (sockets, pid, found) = ([], nil, nil)
            return .lost(error as? StartFailure ?? StartFailure(StartFailure.message(for: error)))
        }
    }

    /// Stops a server that was started here, in order.
    func stop() {
        sockets = []
        guard let pid, signals.status(of: pid) == nil else { return }
        kill(pid, SIGTERM)
        signals.wait(atMost: Self.longestStop) { signals.status(of: pid) != nil }
        guard signals.status(of: pid) == nil else { return }
        kill(pid, SIGKILL)
        signals.wait(atMost: Self.longestStop) { signals.status(of: pid) != nil }
    }

    /// Starts the next server after one that has died; after several deaths only after a pause.
    private func follow(_ status: Int32) throws(StartFailure) {
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
                guard let failed = pid.flatMap({ signals.status(of: $0) }), failed != 0 else { throw error }
                status = failed
            }
        }
    }

    /// Serves the data in the place of another process's server, at the address that the command has.
    private func takeOver() throws {
        guard let place = try? TrackingURI(uri) else { throw StartFailure("the server at \(uri) has ended") }
        let end = ContinuousClock.now + Self.longestTakeOver
        while true {
            do {
                sockets = try HTTPServer.listen(host: place.host, port: place.port)
                return try launch()
            } catch let error as HTTPServerError where error.isAddressInUse && .now < end {
                // Another `apus run` that used the same server may have taken over already.
                let owner = OwnerLock.owner(ofDatabase: settings.databasePath)
                if let owner, owner.address == uri {
                    found = Found(owner.pid)
                    if found?.hasEnded.load(ordering: .acquiring) == false { return }
                }
                signals.wait(atMost: .milliseconds(50)) { signals.status(of: command) != nil }
                if signals.status(of: command) != nil { return }
            }
        }
    }

    /// Starts a process that serves the data or tells who does, and waits for its answer.
    private func launch() throws(StartFailure) {
        let ready = try ReadyPlace()
        let child = try start(readyFile: ready.path)
        lastStart = .now
        (pid, found) = (child, nil)
        while true {
            signals.wait(within: .milliseconds(5))
            let hasEnded = signals.status(of: child) != nil
            if let address = ready.address { return try take(address, from: child) }
            if hasEnded { throw StartFailure("no server could be started for \(settings.databasePath)") }
            if signals.status(of: command) != nil { return }
        }
    }

    private func take(_ address: String, from child: pid_t) throws(StartFailure) {
        guard uri.isEmpty || uri == address else {
            throw StartFailure("\(settings.databasePath) is served at \(address) now, and the command knows \(uri)")
        }
        uri = address
        let owner = OwnerLock.owner(ofDatabase: settings.databasePath)?.pid
        guard owner != child else { return }
        signals.wait(atMost: Self.longestStop) { signals.status(of: child) != nil }
        (sockets, pid, found) = ([], nil, Found(owner))
    }

    private func start(readyFile: String) throws(StartFailure) -> pid_t {
        var parents = ["--parent-pid", String(getpid())]
        if signals.status(of: command) == nil { parents += ["--parent-pid", String(command)] }
        let arguments = CStrings(
            ["apus", "server", "--reuse", "--ready-file", readyFile] + parents + settings.arguments
        )
        let place = "LISTEN_PID="
        let environment = CStrings(
            [place + String(repeating: " ", count: 16), "LISTEN_FDS=\(sockets.count)"] + Self.inheritedVariables
        )
        guard let listenPID = environment.pointers[0].map({ $0 + place.utf8.count }) else {
            throw StartFailure("There is no memory left.")
        }
        var mask = signals.inheritedMask
        let child = apus_start_server(
            Self.program,
            arguments.pointers,
            environment.pointers,
            listenPID,
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

    /// The file of this program; the kernel's own name for it where the path is too long or gone.
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

/// A ready file in a folder of its own, which goes away with this object.
private final class ReadyPlace {
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

    /// The address in the file; nil until it is there.
    var address: String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}
