internal import Glibc

/// A file that says that the server answers, and where.
struct ReadyFile: Sendable {
    let path: String

    /// - Throws: `StartFailure` where no file can be made, before anything else is.
    init(_ path: String) throws(StartFailure) {
        self.path = path
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        guard !path.isEmpty, !path.hasSuffix("/"), FileKind(path) != .folder else {
            throw StartFailure("--ready-file '\(path)' names no file.")
        }
        guard FileKind(folder) == .folder else {
            throw StartFailure("--ready-file '\(path)' cannot be written: there is no folder '\(folder)'.")
        }
    }

    /// Removes what an earlier server left: whoever waits for the file must not find an old address.
    func remove() {
        unlink(path)
    }

    /// Writes the address as one line; whoever sees the file sees all of it.
    func write(_ address: String) throws(StartFailure) {
        let temporary = "\(path).\(getpid()).tmp"
        guard let file = fopen(temporary, "w") else { throw failure(errno) }
        fputs(address + "\n", file)
        guard fclose(file) == 0, rename(temporary, path) == 0 else {
            let code = errno
            unlink(temporary)
            throw failure(code)
        }
    }

    private func failure(_ code: Int32) -> StartFailure {
        StartFailure("The ready file '\(path)' cannot be written: \(String(cString: strerror(code))).")
    }
}
