internal import Glibc

/// A file that says that the server answers, and where.
enum ReadyFile {
    /// Removes what an earlier server left: whoever waits for the file must not find an old address.
    static func remove(_ path: String) {
        unlink(path)
    }

    /// Writes the address as one line; whoever sees the file sees all of it.
    static func write(_ address: String, to path: String) throws(StartFailure) {
        let temporary = "\(path).\(getpid()).tmp"
        guard let file = fopen(temporary, "w") else {
            throw StartFailure("The ready file '\(path)' cannot be written: \(String(cString: strerror(errno))).")
        }
        fputs(address + "\n", file)
        guard fclose(file) == 0, rename(temporary, path) == 0 else {
            unlink(temporary)
            throw StartFailure("The ready file '\(path)' cannot be written: \(String(cString: strerror(errno))).")
        }
    }
}
