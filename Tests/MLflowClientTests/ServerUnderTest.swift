import Dispatch
import Glibc
import Synchronization
import TestSupport

/// The server that the flows are tested against.
///
/// It is the one that CLIENT_TEST_URI names, or an Apus of this build, which ends with this process.
enum ServerUnderTest {
    /// - Throws: what prevented the start.
    static func uri() throws -> String {
        try started.get()
    }

    private static let process = Mutex<pid_t?>(nil)
    private static let folder = Result { try TemporaryFolder() }
    private static let started = Result { try start() }

    private static func start() throws -> String {
        if let given = getenv("CLIENT_TEST_URI") { return String(cString: given) }
        let folder = try folder.get()
        atexit { ServerUnderTest.end() }
        var pipes: [Int32] = [0, 0]
        guard pipe(&pipes) == 0 else { throw TestFailure("pipe: \(errno)") }
        for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let pid = try spawn(
            [
                try binary(), "server", "--host", "127.0.0.1", "--port", "0", "--data-dir", folder.file("data"),
                "--parent-pid", "\(getpid())",
            ],
            output: pipes[1]
        )
        process.withLock { $0 = pid }
        close(pipes[1])
        return try address(from: pipes[0])
    }

    /// The binary beside the tests.
    private static func binary() throws -> String {
        var path = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &path, path.count)
        guard count > 0 else { throw TestFailure("readlink: \(errno)") }
        let own = String(decoding: path[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // `swift test` may run the tests inside a helper of the toolchain, with their file as an argument.
        let places = [own] + CommandLine.arguments
        for place in places {
            guard let slash = place.lastIndex(of: "/") else { continue }
            let candidate = "\(place[..<slash])/apus"
            if access(candidate, X_OK) == 0 { return candidate }
        }
        throw TestFailure("there is no apus beside \(places)")
    }

    private static func spawn(_ arguments: [String], output: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var pid = pid_t()
        let code = posix_spawn(&pid, arguments[0], &actions, nil, &pointers, environ)
        guard code == 0 else { throw TestFailure("posix_spawn: \(code)") }
        return pid
    }

    /// Reads what the server says until it tells its address, and lets it talk on unheard.
    private static func address(from descriptor: Int32) throws -> String {
        var text = ""
        var space = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = read(descriptor, &space, space.count)
            guard count > 0 else { throw TestFailure("the server ended: \(text)") }
            text += String(decoding: space[..<count], as: UTF8.self)
            guard let mark = text.firstRange(of: " at http://") else { continue }
            let rest = text[mark.upperBound...]
            guard let end = rest.firstIndex(where: { $0 == "," || $0 == "\n" }) else { continue }
            drain(descriptor)
            return "http://" + rest[..<end]
        }
    }

    private static func drain(_ descriptor: Int32) {
        DispatchQueue(label: "server's messages").async {
            var space = [UInt8](repeating: 0, count: 4_096)
            while read(descriptor, &space, space.count) > 0 {}
            close(descriptor)
        }
    }

    private static func end() {
        guard let pid = process.withLock({ $0 }), case .success(let folder) = folder else { return }
        // What it has stored is of no use: it need not end in order.
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
        folder.removeNow()
    }
}
