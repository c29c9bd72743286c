internal import ArtifactStore
internal import BucketStore
internal import Budgets
internal import Files
internal import Glibc
internal import S3

/// Where an import into a PostgreSQL database stores the artifacts that its servers serve: a folder, or a prefix in a bucket.
struct ArtifactTarget: Sendable {
    private enum Destination: Sendable {
        case folder(ArtifactRoot, AdoptionWay)
        case bucket(any ArtifactStorage)
    }

    private static let pieceBytes = 1 << 20
    /// The flag that names the folder or bucket.
    static let flag = "--artifacts-to"

    private let destination: Destination

    /// - Parameters:
    ///   - text: the value of the flag: a path, a `file:` URI or an `s3:` URI.
    ///   - workingDirectory: the folder that a relative path starts from.
    ///   - way: whether files are copied into a folder, or share disk space with those of the source.
    /// - Throws: `StartFailure` for any other value, and for a bucket that cannot be used.
    init(_ text: String, _ workingDirectory: String, by way: AdoptionWay) throws {
        let setting = Setting(source: Self.flag, text: text)
        if let location = try StorageLayout.bucket(setting) {
            if case .link = way {
                throw StartFailure("--link is for a folder: files are sent to a bucket and cannot be linked.")
            }
            let bucket = try ServedRoots.bucket(location, UploadMemory(Budgets().uploadBytes))
            // Without this check, all records would be stored, and then each file would be listed as skipped.
            if let fault = bucket.findFault() { throw StartFailure("\(Self.flag) '\(location.uri)': \(fault)") }
            destination = .bucket(bucket)
        } else {
            let path = try StorageLayout.folder(setting, workingDirectory)
            destination = .folder(try FolderTarget.artifactRoot(path), way)
        }
    }

    /// A line for the user if the folder does not exist yet; nil otherwise.
    ///
    /// Opens and creates nothing.
    /// - Throws: `StartFailure` if the value of the flag is neither a folder nor a bucket.
    static func hint(_ text: String, _ workingDirectory: String) throws(StartFailure) -> String? {
        let setting = Setting(source: flag, text: text)
        guard try StorageLayout.bucket(setting) == nil else { return nil }
        let path = try StorageLayout.folder(setting, workingDirectory)
        guard FileKind(path) == .absent else { return nil }
        return
            "The folder '\(path)' of \(flag) is new. If servers use the database already, they need it as "
            + "--artifacts-destination."
    }

    /// The size of the file at a path; nil if there is none.
    func size(at path: ArtifactPath) throws(ArtifactError) -> Int64? {
        do throws(ArtifactError) {
            return switch destination {
            case .folder(let root, _): try root.open(path).size
            case .bucket(let bucket): try bucket.open(path).size
            }
        } catch .notFound {
            return nil
        }
    }

    /// Stores a file unless there is a file at the path.
    ///
    /// In a bucket, an existing file of the same size is regarded as equal.
    func storeFile(_ file: SourceFile, at path: ArtifactPath) throws -> Adoption {
        switch destination {
        case .folder(let root, let way): return try root.adopt(file.descriptor, at: path, by: way)
        case .bucket(let bucket):
            if let size = try size(at: path) { return size == file.size ? .same(bytes: size) : .different }
            let upload = try bucket.beginUpload(path, length: file.size, claim: nil, for: Peer(address: "127.0.0.1"))
            do {
                try Self.send(file, to: upload)
                _ = try upload.commit()
            } catch {
                upload.abort()
                throw error
            }
            return .stored(bytes: file.size)
        }
    }

    private static func send(_ file: SourceFile, to upload: any PendingArtifact) throws {
        var piece = [UInt8](repeating: 0, count: pieceBytes)
        var position: Int64 = 0
        while position < file.size {
            let wanted = Int(min(Int64(pieceBytes), file.size - position))
            let count = piece.withUnsafeMutableBytes {
                pread(file.descriptor.rawValue, $0.baseAddress, wanted, off_t(position))
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileRefusal(description: String(cString: strerror(errno))) }
            guard count > 0 else { throw FileRefusal(description: "it became shorter while it was read") }
            try piece.withUnsafeBytes { try upload.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            position += Int64(count)
        }
    }
}
