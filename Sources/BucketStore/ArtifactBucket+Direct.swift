package import ArtifactStore
internal import Glibc
internal import HTTPWire
internal import S3

extension ArtifactBucket: DirectTransfers {
    /// The age at which an unfinished upload in parts is removed: the longest lifetime of a presigned URL.
    private static let maximumUploadSeconds: Int64 = 604_800

    package func createUpload(
        _ path: ArtifactPath,
        partCount: Int,
        lifetimeSeconds: Int64
    ) throws(ArtifactError) -> (id: String, parts: [String]) {
        if let obstacle = path.obstacleToWriting { throw .invalidPath(obstacle) }
        let key = try key(path)
        return try mappingErrors { () throws(S3Failure) in
            let creationToken = S3Client.newCreationToken()
            let type = ArtifactStore.contentType(forName: path.name ?? "")
            let id = try client.createUpload(key, contentType: type, creationToken: creationToken)
            var urls: [String] = []
            for number in 1..<(partCount + 1) {
                let query = [(name: "partNumber", value: String(number)), (name: "uploadId", value: id)]
                urls.append(try client.presigned(.put, key: key, query: query, expires: lifetimeSeconds))
            }
            return (UploadWithToken(creationToken: creationToken, id: id).text, urls)
        }
    }

    package func completeUpload(
        _ id: String,
        _ path: ArtifactPath,
        _ parts: [ListedPart],
        claim: (any StorageClaim)?
    ) throws -> StoredArtifact {
        let key = try key(path)
        let start = ContinuousClock.now
        let (creationToken, id) = UploadWithToken.parts(of: id)
        guard !parts.isEmpty else { throw MultipartError.missingPart(1, count: 1) }
        guard parts.allSatisfy({ (1...S3Client.maximumParts).contains($0.number) }) else {
            throw MultipartError.wrongParts("The parts of an upload have numbers from 1 to \(S3Client.maximumParts).")
        }
        let listed = parts.sorted { $0.number < $1.number }.map { S3Part(number: $0.number, tag: $0.entityTag) }
        var size: Int64?
        do {
            if let arrived = try arrivedParts(of: id, key, isRequired: claim != nil) {
                try Self.requireAll(arrived.map(\.part.number), in: listed.map(\.number))
                let sum = arrived.reduce(0) { $0 + $1.size }
                size = sum
                do {
                    try claim?.grow(by: sum)
                } catch {
                    try client.abort(id, key)
                    throw error
                }
            }
            try client.complete(id, key, S3Completion(parts: listed, size: size, creationToken: creationToken))
        } catch let error as S3Failure {
            switch error.kind {
            case .noUpload: throw MultipartError.unknownUpload
            case .wrongParts: throw MultipartError.wrongParts(error.message)
            default: throw ArtifactError(error)
            }
        }
        let bytes = try size ?? head(path)?.size ?? 0
        return StoredArtifact(bytes: bytes, duration: .now - start, isShared: false, sha256: nil)
    }

    /// Returns the parts of an upload that have arrived.
    ///
    /// The list shows whether the client has left out a part, and how many bytes count for a quota. An upload can also be
    /// completed without it, because the storage itself checks the parts that the client names.
    ///
    /// - Parameter isRequired: whether to throw if the list is denied or cannot be read.
    /// - Returns: nil if the storage gives no list, or has no such open upload, for instance because an earlier request has
    ///   completed the upload.
    private func arrivedParts(
        of id: String,
        _ key: String,
        isRequired: Bool
    ) throws(S3Failure) -> [(part: S3Part, size: Int64)]? {
        do throws(S3Failure) {
            return try client.parts(of: id, key)
        } catch {
            let isListRefused = error.kind == .denied || error.kind == .refused
            guard error.kind == .noUpload || (isListRefused && !isRequired) else { throw error }
            return nil
        }
    }

    /// Throws if the client's list omits a part that has arrived, or has a gap, because the file would be too short.
    ///
    /// - Parameter listed: numbers from 1 to `S3Client.maximumParts`, in ascending order.
    private static func requireAll(_ arrived: [Int], in listed: [Int]) throws(MultipartError) {
        let numbers = Set(listed)
        if let unlisted = arrived.first(where: { !numbers.contains($0) }) { throw .unlistedPart(unlisted) }
        let missing = (1...max(listed.last ?? 1, 1)).filter { !numbers.contains($0) }
        if let first = missing.first { throw .missingPart(first, count: missing.count) }
    }

    package func abortUpload(_ id: String, _ path: ArtifactPath) throws(ArtifactError) {
        guard !id.isEmpty else { return }
        let (_, id) = UploadWithToken.parts(of: id)
        let key = try key(path)
        try mappingErrors { () throws(S3Failure) in try client.abort(id, key) }
    }

    package func downloadAddress(
        _ path: ArtifactPath,
        for seconds: Int64
    ) throws(ArtifactError) -> (url: String, size: Int64) {
        guard let object = try head(path) else { throw .notFound }
        return try mappingErrors { () throws(S3Failure) in
            // With this parameter, a browser saves the file and does not show it.
            let query = [(name: "response-content-disposition", value: contentDisposition(forName: path.name ?? ""))]
            return (try client.presigned(.get, key: object.key, query: query, expires: seconds), object.size)
        }
    }

    package func uploadAddress(
        _ path: ArtifactPath,
        for seconds: Int64
    ) throws(ArtifactError) -> (url: String, fields: [(name: String, value: String)]) {
        if let obstacle = path.obstacleToWriting { throw .invalidPath(obstacle) }
        let key = try key(path)
        let fields = client.fieldsOfUploads(contentType: ArtifactStore.contentType(forName: path.name ?? ""))
        return try mappingErrors { () throws(S3Failure) in
            (try client.presigned(.put, key: key, fields: fields, expires: seconds), fields)
        }
    }

    package func endedUploads(among ids: [String]) throws(ArtifactError) -> [String] {
        let unfinished = try mappingErrors { () throws(S3Failure) in
            var found: Set<String> = []
            try client.forEachUnfinishedUpload(prefix: root) { page in found.formUnion(page.map(\.id)) }
            return found
        }
        return ids.filter { !unfinished.contains(UploadWithToken.parts(of: $0).id) }
    }

    package func removeExpiredUploads(isPreview: Bool) throws(ArtifactError) -> Int {
        let before = Int64(time(nil)) - Self.maximumUploadSeconds
        let expired = try mappingErrors { () throws(S3Failure) in
            var expired: [S3Upload] = []
            try client.forEachUnfinishedUpload(prefix: root) { page in
                expired += page.filter { $0.begun < before && mayBeOwn($0.key) }
            }
            return expired
        }
        guard !isPreview else { return expired.count }
        for upload in expired {
            try mappingErrors { () throws(S3Failure) in try client.abort(upload.id, upload.key) }
        }
        return expired.count
    }

    /// Whether Apus may have begun an unfinished upload; a bucket without a prefix may hold uploads of other programs.
    ///
    /// With a prefix, all uploads below it are Apus' own. Without one, the keys of Apus' uploads are in the artifact folder
    /// of an experiment, except the key of the upload by which `findFault()` tests the permission to write.
    private func mayBeOwn(_ key: String) -> Bool {
        guard root.isEmpty, key != Self.probeName else { return true }
        let names = key.utf8.split(separator: UInt8(ascii: "/"))
        guard let first = names.first, first.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        return names.dropFirst(2).contains { $0.elementsEqual("artifacts".utf8) }
    }
}

/// The id by which clients know an upload in parts; it contains the object's creation token, which the server does not store.
private struct UploadWithToken {
    let creationToken: String
    /// The id by which the storage knows the upload.
    let id: String

    private static let prefix = "apus."

    var text: String { "\(Self.prefix)\(creationToken).\(id)" }

    /// Splits a client's id into the creation token, nil if there is none, and the storage's id.
    static func parts(of text: String) -> (creationToken: String?, id: String) {
        let pieces = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard text.hasPrefix(prefix), pieces.count == 3, S3Client.isCreationToken(pieces[1]) else { return (nil, text) }
        return (String(pieces[1]), String(pieces[2]))
    }
}
