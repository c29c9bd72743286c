package import ArtifactStore
package import Budgets
package import S3

/// Stores artifacts in an object store: each file is an object, whose key is the operator's prefix and the path of the artifact.
///
/// An object store has no folders: a folder exists while at least one key begins with its path and a slash. A file
/// and a folder may have the same path. Clients cannot reach keys without the prefix, another bucket, or another host.
package final class ArtifactBucket: ArtifactStorage {
    private let bucket: S3Location
    let client: S3Client
    /// The memory budget that all uploads of the server share.
    let memory: UploadMemory

    /// The length of the longest key that S3 allows.
    private static let maximumKeyBytes = 1_024
    /// The name, below the prefix, of the upload that `findFault()` begins, to test the permission to write, and then aborts.
    static let probeName = ".apus-check"

    package init(_ bucket: S3Location, _ client: S3Client, memory: UploadMemory) {
        self.bucket = bucket
        self.client = client
        self.memory = memory
    }

    package var location: String { bucket.uri }
    package var directTransfers: (any DirectTransfers)? { self }

    /// The beginning of all keys: the prefix and a slash; empty if there is no prefix.
    var root: String { bucket.prefix.isEmpty ? "" : bucket.prefix + "/" }

    /// Returns the key of a file.
    func key(_ path: ArtifactPath) throws(ArtifactError) -> String {
        guard path.name != nil else { throw .invalidPath(path.obstacleToWriting ?? .empty) }
        let key = root + path.description
        guard key.utf8.count <= Self.maximumKeyBytes else { throw .nameTooLong }
        return key
    }

    /// Returns the prefix of the keys of all files in a folder.
    func prefix(_ path: ArtifactPath) -> String { path.components.isEmpty ? root : root + path.description + "/" }

    // MARK: Reading

    package func list(_ path: ArtifactPath, relativeTo base: ArtifactPath) throws(ArtifactError) -> [ArtifactEntry] {
        let folder = BucketFolder(self, prefix(try base.appending(path)))
        let beginning = path.prefix
        var entries: [ArtifactEntry] = []
        for member in try folder.members() where ArtifactPath.isNameable(member.name) {
            let size = member.facts?.size ?? 0
            entries.append(ArtifactEntry(path: beginning + member.name, isDirectory: member.isFolder, size: size))
        }
        // A file comes before the folder with the same path.
        entries.sort { first, second in
            first.path == second.path
                ? !first.isDirectory && second.isDirectory
                : first.path.utf8.lexicographicallyPrecedes(second.path.utf8)
        }
        return entries
    }

    package func open(_ path: ArtifactPath) throws(ArtifactError) -> OpenArtifact {
        guard path.name != nil else { throw .isDirectory }
        guard let found = try head(path) else {
            guard try isFolder(path) else { throw .notFound }
            throw .isDirectory
        }
        return open(found)
    }

    func open(_ object: S3Object) -> OpenArtifact {
        let tag = object.tag.hasPrefix("\"") ? object.tag : "\"\(object.tag)\""
        return OpenArtifact(BucketObject(object, client), facts(of: object), entityTag: tag)
    }

    func facts(of object: S3Object) -> ArtifactFacts {
        let address = "\(client.address)/\(client.bucket)/\(object.key)"
        return ArtifactFacts(size: object.size, modified: object.modified, address: address, tag: object.tag)
    }

    /// Returns the metadata of the object at a path; nil if there is no such object.
    func head(_ path: ArtifactPath) throws(ArtifactError) -> S3Object? {
        let key = try key(path)
        do throws(S3Failure) {
            return try client.head(key)
        } catch {
            guard error.kind == .noObject else { throw ArtifactError(error) }
            return nil
        }
    }

    /// Whether a folder with this path exists; throws if the bucket does not exist, which `head` cannot detect.
    private func isFolder(_ path: ArtifactPath) throws(ArtifactError) -> Bool {
        let prefix = prefix(path)
        let page = try mappingErrors { () throws(S3Failure) in try client.list(prefix: prefix, atMost: 1) }
        return !page.objects.isEmpty
    }

    package func walk(
        _ path: ArtifactPath,
        relativeTo base: ArtifactPath,
        after: String?,
        ifVanished: ArtifactWalk.VanishedPolicy
    ) throws(ArtifactError) -> ArtifactWalk {
        let whole = try base.appending(path)
        let folder = BucketFolder(self, prefix(whole))
        if !path.components.isEmpty, try !isFolder(whole) {
            let isFile = try head(whole) != nil
            throw isFile ? ArtifactError.notDirectory : ArtifactError.notFound
        }
        return try ArtifactWalk(folder: folder, prefix: path.prefix, base: base, after: after, ifVanished: ifVanished)
    }

    package func usage(of path: ArtifactPath) throws(ArtifactError) -> ArtifactUsage {
        var usage = ArtifactUsage()
        try forEachPage(prefix(path)) { page in
            usage.files += page.objects.count
            usage.apparentBytes += page.objects.reduce(0) { $0 + $1.size }
        }
        usage.diskBytes = usage.apparentBytes
        return usage
    }

    package func findFault() -> String? {
        do throws(S3Failure) {
            let client = try client.withoutRetries()
            _ = try client.list(prefix: root, atMost: 1)
            // Beginning an upload needs the permission to write, and aborting the upload leaves nothing in the bucket.
            let key = root + Self.probeName
            try client.abort(client.createUpload(key, contentType: nil), key)
            // The object does not exist. An object store reports this only if the credentials may read objects; otherwise it
            // denies access.
            try client.requireReading(of: key)
            return nil
        } catch {
            return error.message
        }
    }

    /// Calls `body` for each page of the listing of all objects whose keys begin with a prefix.
    func forEachPage(_ prefix: String, _ body: (S3Page) throws(ArtifactError) -> Void) throws(ArtifactError) {
        var after: String?
        repeat {
            let from = after
            let page = try mappingErrors { () throws(S3Failure) in try client.list(prefix: prefix, after: from) }
            try body(page)
            after = page.next
        } while after != nil
    }

    // MARK: Changing

    package func beginUpload(
        _ path: ArtifactPath,
        length: Int64?,
        claim: (any StorageClaim)?,
        for peer: Peer
    ) throws(ArtifactError) -> any PendingArtifact {
        if let obstacle = path.obstacleToWriting { throw .invalidPath(obstacle) }
        return try BucketUpload(
            to: key(path),
            of: self,
            contentType: ArtifactStore.contentType(forName: path.name ?? ""),
            length: length,
            claim: claim,
            for: peer
        )
    }

    package func delete(_ path: ArtifactPath, removed: (_ bytes: Int64) -> Void) throws(ArtifactError) -> Bool {
        let key = try key(path)
        var hasDeleted = false
        // A path with a slash at its end names only a folder.
        if path.obstacleToWriting != .trailingSlash, let object = try head(path) {
            try mappingErrors { () throws(S3Failure) in try client.delete(key) }
            removed(object.size)
            hasDeleted = true
        }
        try forEachPage(prefix(path)) { (page) throws(ArtifactError) in
            guard !page.objects.isEmpty else { return }
            try mappingErrors { () throws(S3Failure) in try client.delete(page.objects.map(\.key)) }
            for object in page.objects { removed(object.size) }
            hasDeleted = true
        }
        return hasDeleted
    }

    /// Does nothing and returns false, because an object store has no empty folders.
    package func removeIfEmpty(_ path: ArtifactPath) throws(ArtifactError) -> Bool { false }

    func mappingErrors<Value>(_ body: () throws(S3Failure) -> Value) throws(ArtifactError) -> Value {
        do throws(S3Failure) {
            return try body()
        } catch {
            throw ArtifactError(error)
        }
    }
}

extension ArtifactError {
    init(_ failure: S3Failure) {
        self =
            switch failure.kind {
            case .noObject: .notFound
            case .changed: .replaced
            case .denied: .storageDenies(failure.message)
            case .noUpload, .wrongParts, .refused: .storageRefuses(failure.message)
            case .unavailable: .storageUnavailable(failure.message)
            }
    }
}
