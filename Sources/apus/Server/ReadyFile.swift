/// A file from which other programs learn that the server is ready, and its address.
struct ReadyFile: Sendable {
    let path: String

    /// - Throws: `StartFailure` if the path is that of a folder, or its folder does not exist.
    init(_ path: String) throws(StartFailure) {
        self.path = path
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        guard !path.isEmpty, !path.hasSuffix("/"), FileKind(path) != .folder else {
            throw StartFailure("--ready-file '\(path)' does not name a file.")
        }
        guard FileKind(folder) == .folder else {
            throw StartFailure("--ready-file '\(path)' cannot be written: there is no folder '\(folder)'.")
        }
    }

    /// Removes the file, so that a program that waits for it does not read the address of a server that has ended.
    func remove() { WholeFile.remove(path) }

    /// Writes the address as one line; a program never sees the file without the complete line.
    func write(_ address: String) throws(StartFailure) {
        do throws(WholeFile.Fault) {
            try WholeFile.write(Array((address + "\n").utf8), to: path)
        } catch {
            throw StartFailure("The ready file '\(path)' cannot be written: \(error.reason).")
        }
    }
}
