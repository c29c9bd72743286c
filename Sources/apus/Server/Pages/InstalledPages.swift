internal import Files
internal import Glibc

/// The pages of an MLflow that is installed for Python.
enum InstalledPages {
    /// Asks the first `python3` on the path where its MLflow keeps its pages; nothing of MLflow is run.
    ///
    /// - Parameter setting: what asked for it, for messages.
    static func find(for setting: Setting) throws(StartFailure) -> String {
        let (status, output) = try run(["python3", "-c", program], for: setting)
        let lines = output.split(separator: "\n")
        if status == 0, let folder = lines.last { return String(folder) }
        switch lines.last {
        case "no pages":
            throw StartFailure(
                "\(setting.shown): the mlflow of the python3 on the PATH has no pages (mlflow-skinny has none). Install "
                    + "mlflow, or name the folder of its pages."
            )
        case "no mlflow":
            throw StartFailure(
                "\(setting.shown): the python3 on the PATH has no mlflow. Activate the environment that has it, install it "
                    + "(pip install mlflow), or name the folder of its pages (mlflow/server/js/build)."
            )
        default: throw StartFailure("\(setting.shown): the python3 on the PATH failed when it was asked for mlflow.")
        }
    }

    /// Looks the package up without importing it, and not in the working directory, which is no place of packages.
    private static let program = """
        import sys
        sys.path = [place for place in sys.path if place]
        import importlib.util, os
        package = importlib.util.find_spec("mlflow")
        if package is None or package.origin is None:
            sys.exit(print("no mlflow") or 1)
        for place in package.submodule_search_locations or []:
            folder = os.path.realpath(os.path.join(place, "server", "js", "build"))
            if os.path.isfile(os.path.join(folder, "index.html")):
                sys.exit(print(folder))
        sys.exit(print("no pages") or 1)
        """

    /// How long Python may take, a slow disk included.
    private static let patienceSeconds = 20
    private static let outputBytes = 16 * 1_024

    /// Runs a program of the path to its end, and gives what it wrote.
    private static func run(_ words: [String], for setting: Setting) throws(StartFailure) -> (Int32, String) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw StartFailure("\(setting.shown): there is no pipe to python3.") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let reading = Descriptor(owning: ends[0])
        // The writing end is closed as soon as the child has it, because reading ends only when nobody else holds it.
        let child = try start(words, writing: Descriptor(owning: ends[1]), for: setting)
        let output = read(reading)
        if output == nil { kill(child, SIGKILL) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        guard let output else {
            throw StartFailure("\(setting.shown): python3 did not answer within \(patienceSeconds) s.")
        }
        // The low seven bits are the signal that ended it (wait(2)).
        return (status & 0x7F == 0 ? (status >> 8) & 0xFF : -1, output)
    }

    private static func start(
        _ words: [String],
        writing: Descriptor,
        for setting: Setting
    ) throws(StartFailure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, writing.rawValue, STDOUT_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The child must not inherit the signals that this process blocks.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, words[0], &actions, &attributes, &arguments, environ)
        guard code == 0 else {
            throw StartFailure(
                "\(setting.shown): there is no python3 on the PATH to ask (\(String(cString: strerror(code)))). Name the "
                    + "folder of MLflow's pages instead (mlflow/server/js/build)."
            )
        }
        return child
    }

    /// Reads to the end; nil when that takes too long.
    private static func read(_ descriptor: Descriptor) -> String? {
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let end = time(nil) + patienceSeconds
        while output.count < outputBytes {
            var waiting = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
            let left = end - time(nil)
            guard left > 0 else { return nil }
            let ready = poll(&waiting, 1, Int32(left) * 1_000)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { return nil }
            let count = Glibc.read(descriptor.rawValue, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            output.append(contentsOf: buffer[..<count])
        }
        return String(decoding: output, as: UTF8.self)
    }
}
