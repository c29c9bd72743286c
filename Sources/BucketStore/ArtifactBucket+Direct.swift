package import ArtifactStore
internal import Glibc
internal import HTTPWire
internal import S3

extension ArtifactBucket: DirectTransfers {
    /// The age in seconds at which an unfinished upload in parts is removed: the longest lifetime of a presigned URL.
    private static let longestUpload: Int64 = 604_800

    package func createUpload(
        _ path: ArtifactPath,
        partCount: Int,
        lifetimeSeconds: Int64
    ) throws(ArtifactError) -> (id: String, parts: [String]) {
        if let obstacle = path.obstacleToWriting { throw .invalidPath(obstacle) }
        let key = try key(path)
        return try asking { () throws(S3Failure) in
            let mark = S3Client.newMark()
            let type = ArtifactStore.contentType(forName: path.name ?? "")
            let id = try client.createUpload(key, contentType: type, mark: mark)
            var urls: [String] = []
            for number in 1..<(partCount + 1) {
                urls.append(
                    try client.presigned(
                        .put,
                        key: key,
                        query: [("partNumber", String(number)), ("uploadId", id)],
                        expires: lifetimeSeconds
                    )
                )
            }
            return (MarkedUpload(mark: mark, id: id).text, urls)
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
        let (mark, id) = MarkedUpload.parts(of: id)
        guard !parts.isEmpty else { throw MultipartError.missingPart(1, count: 1) }
        let listed = parts.sorted { $0.number < $1.number }.map { S3Part(number: $0.number, tag: $0.entityTag) }
        do {
            var size: Int64?
            if let claim {
                size = try client.parts(of: id, key).reduce(0) { $0 + $1.size }
                do {
                    try claim.grow(by: size ?? 0)
                } catch {
                    try client.abort(id, key)
                    throw error
                }
            }
            try client.complete(id, key, S3Completion(parts: listed, size: size, mark: mark))
        } catch let error as S3Failure {
            guard error.kind == .noUpload else { throw ArtifactError(error) }
            throw MultipartError.unknownUpload
        }
        let stored = try head(path)
        return StoredArtifact(bytes: stored?.size ?? 0, duration: .now - start, isShared: false, sha256: nil)
    }

    package func abortUpload(_ id: String, _ path: ArtifactPath) throws(ArtifactError) {
        guard !id.isEmpty else { return }
        let (_, id) = MarkedUpload.parts(of: id)
        let key = try key(path)
        try asking { () throws(S3Failure) in try client.abort(id, key) }
    }

    package func downloadAddress(
        _ path: ArtifactPath,
        for seconds: Int64
    ) throws(ArtifactError) -> (url: String, size: Int64) {
        guard let object = try head(path) else { throw .notFound }
        return try asking { () throws(S3Failure) in
            // A browser shall save the file and not show it.
            let query = [
                (name: "response-content-disposition", value: contentDisposition(forName: path.name ?? ""))
            ]
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
        return try asking { () throws(S3Failure) in
            (try client.presigned(.put, key: key, fields: fields, expires: seconds), fields)
        }
    }

    package func removeExpiredUploads(isPreview: Bool) throws(ArtifactError) -> Int {
        let before = Int64(time(nil)) - Self.longestUpload
        let expired = try asking { () throws(S3Failure) in
            try client.unfinishedUploads(prefix: root).filter { $0.begun < before }
        }
        guard !isPreview else { return expired.count }
        for upload in expired {
            try asking { () throws(S3Failure) in try client.abort(upload.id, upload.key) }
        }
        return expired.count
    }
}

/// The id that a client knows an upload in parts by: it has the mark of the object, which the server does not remember.
private struct MarkedUpload {
    let mark: String
    let id: String

    private static let start = "apus."

    var text: String { "\(Self.start)\(mark).\(id)" }

    /// The mark, nil if there is none, and the id that the storage knows.
    static func parts(of text: String) -> (mark: String?, id: String) {
        let pieces = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard text.hasPrefix(start), pieces.count == 3, S3Client.isMark(pieces[1]) else { return (nil, text) }
        return (String(pieces[1]), String(pieces[2]))
    }
}
