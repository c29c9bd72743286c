internal import Files
internal import Glibc
internal import HTTPWire

/// Opens files of this machine, and creates folders for them.
enum LocalFile {
    /// Opens a regular file for reading, and returns its size too.
    static func open(_ path: String) throws(MLflowError) -> (file: Descriptor, bytes: Int64) {
        let raw = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        let code = errno
        guard raw >= 0 else { throw failure(path, code) }
        let file = Descriptor(owning: raw)
        var status = stat()
        guard fstat(raw, &status) == 0 else { throw failure(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw MLflowError(.localFile, "'\(path)' is not a file", outcome: .notCarriedOut)
        }
        return (file, Int64(status.st_size))
    }

    /// Creates the missing folders of a file's path.
    static func makeFolders(of path: String) throws(MLflowError) {
        var folder = path.hasPrefix("/") ? "/" : ""
        for name in path.split(separator: "/").dropLast() {
            folder += "\(name)/"
            guard mkdir(folder, 0o777) == 0 || errno == EEXIST else { throw failure(folder, errno) }
        }
    }

    static func failure(_ path: String, _ code: Int32) -> MLflowError {
        MLflowError(.localFile, "'\(path)': \(SystemCall.errorText(code))", outcome: .notCarriedOut)
    }
}

/// A file that is being downloaded.
///
/// The bytes are written to `<path>.part`; `finish` renames this file to `path` when it is complete.
struct IncomingFile: ~Copyable {
    private let path: String
    private let partPath: String
    private let file: Descriptor
    private var isFinished = false

    init(_ path: String) throws(MLflowError) {
        self.path = path
        partPath = "\(path).part"
        let raw = open(partPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        let code = errno
        guard raw >= 0 else { throw LocalFile.failure(partPath, code) }
        file = Descriptor(owning: raw)
    }

    deinit {
        if !isFinished { unlink(partPath) }
    }

    /// Empties the file before another attempt.
    func clear() throws(MLflowError) {
        guard ftruncate(file.rawValue, 0) == 0, lseek(file.rawValue, 0, SEEK_SET) == 0 else {
            throw LocalFile.failure(partPath, errno)
        }
    }

    func append(_ bytes: [UInt8]) throws(MLflowError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file.rawValue, $0.baseAddress, $0.count) }
            let code = errno
            if count < 0, code == EINTR { continue }
            guard count > 0 else { throw LocalFile.failure(partPath, code) }
            rest = rest.dropFirst(count)
        }
    }

    /// Ends the download: renames the complete part file to `path`.
    consuming func finish() throws(MLflowError) {
        guard rename(partPath, path) == 0 else { throw LocalFile.failure(path, errno) }
        isFinished = true
    }
}
