internal import ArtifactStore
internal import Budgets
internal import S3
internal import Synchronization

/// An upload of a file to an object store: a short file is sent in one request, a longer one in parts.
///
/// Memory contains at most one part of the file. The object does not exist, or keeps its old content, until the request
/// that stores it or completes the upload has succeeded.
final class BucketUpload: PendingArtifact {
    private struct State {
        /// Nil after the end of the upload, or after its memory was given to another upload.
        var buffer: PartBuffer?
        /// The share of the memory budget that covers `buffer`.
        var reservation: MemoryReservation?
        var hasEnded = false
        /// The id of the upload in parts; nil while `buffer` holds all bytes.
        var id: String?
        var parts: [S3Part] = []
        var bytes: Int64 = 0

        mutating func end() {
            (buffer, reservation, id) = (nil, nil, nil)
            hasEnded = true
        }
    }

    let claim: (any StorageClaim)?
    private let key: String
    private let bucket: ArtifactBucket
    private let contentType: String
    private let start = ContinuousClock.now
    /// Distinguishes the completed object from an older object with the same key.
    private let creationToken = S3Client.newCreationToken()
    private let state = Mutex(State())
    private let hasLostMemory = Atomic<Bool>(false)

    private static let maximumPartBytes = 64 * 1_048_576
    /// The size of the parts of a file whose length is unknown.
    private static let partBytesForUnknownLength = 8 * 1_048_576

    init(
        to key: String,
        of bucket: ArtifactBucket,
        contentType: String,
        length: Int64?,
        claim: (any StorageClaim)?,
        for peer: Peer
    ) throws(ArtifactError) {
        self.key = key
        self.bucket = bucket
        self.contentType = contentType
        self.claim = claim
        let partBytes: Int
        if let length {
            let neededBytes = Int(clamping: length / Int64(S3Client.maximumParts)) + 1
            guard neededBytes <= Self.maximumPartBytes else {
                throw .storageRefuses(
                    "A file of \(length) bytes is too long for an upload through the server. Set "
                        + "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD=true in the environment of the client, which then sends the "
                        + "parts directly to the storage."
                )
            }
            let roundedUpToMiB = (neededBytes + 1_048_575) / 1_048_576 * 1_048_576
            partBytes = max(S3Client.minimumPartBytes, roundedUpToMiB)
        } else {
            partBytes = Self.partBytesForUnknownLength
        }
        let bufferBytes = min(partBytes, max(1, length.map { Int(clamping: $0) } ?? partBytes))
        let reservation = try bucket.memory.reserve(bufferBytes, for: peer) { [weak self] in self?.loseMemory() }
        state.withLock { state in
            state.reservation = reservation
            state.buffer = PartBuffer(bytes: bufferBytes)
        }
        // Another upload may have taken the memory in the meantime.
        if hasLostMemory.load(ordering: .acquiring) { state.withLock { $0.buffer = nil } }
    }

    /// Frees the memory for another upload; the next `write` or `commit` fails.
    ///
    /// Does not wait for a call that is using the memory: that call frees the memory when it ends.
    private func loseMemory() {
        hasLostMemory.store(true, ordering: .releasing)
        _ = state.withLockIfAvailable { $0.buffer = nil }
    }

    /// Returns the buffer, or throws if the upload has ended or lost its memory.
    private func buffer(_ state: inout State) throws(ArtifactError) -> PartBuffer {
        guard !state.hasEnded else { throw .replaced }
        guard !hasLostMemory.load(ordering: .acquiring), let buffer = state.buffer else {
            state.buffer = nil
            throw UploadMemory.revoked
        }
        return buffer
    }

    deinit { abort() }

    func write(_ bytes: UnsafeRawBufferPointer) throws(ArtifactError) {
        let result = state.withLock { state in
            Result { () throws(ArtifactError) in
                let buffer = try buffer(&state)
                try claim?.grow(by: Int64(bytes.count))
                state.bytes += Int64(bytes.count)
                var rest = bytes[...]
                while !rest.isEmpty {
                    // A full part is sent only when more bytes follow, so that the last part is never empty.
                    if buffer.isFull { try send(buffer, &state) }
                    rest = rest.dropFirst(buffer.append(UnsafeRawBufferPointer(rebasing: rest)))
                }
                state.reservation?.countTransferred(bytes.count, at: bucket.memory.now)
                // Throws if another upload took the memory during this call.
                _ = try self.buffer(&state)
            }
        }
        if case .failure(let error) = result {
            abort()
            throw error
        }
    }

    private func send(_ buffer: PartBuffer, _ state: inout State) throws(ArtifactError) {
        // The time of this request to the storage must not count as slowness of the client.
        state.reservation?.endWaitingForClient()
        defer { state.reservation?.beginWaitingForClient(at: bucket.memory.now) }
        let id: String
        if let begun = state.id {
            id = begun
        } else {
            id = try bucket.mappingErrors { () throws(S3Failure) in
                try bucket.client.createUpload(key, contentType: contentType, creationToken: creationToken)
            }
            state.id = id
        }
        let number = state.parts.count + 1
        guard number <= S3Client.maximumParts else {
            throw .storageRefuses(
                "The file is longer than the \(Self.partBytesForUnknownLength * S3Client.maximumParts) bytes that this server can "
                    + "store without a Content-Length; send it with a Content-Length."
            )
        }
        let part = try bucket.mappingErrors { () throws(S3Failure) in
            try bucket.client.putPart(number, of: id, key, buffer.bytes)
        }
        state.parts.append(part)
        buffer.removeAll()
    }

    func commit() throws(ArtifactError) -> StoredArtifact {
        let result = state.withLock { state in
            Result { () throws(ArtifactError) in
                state.reservation?.endWaitingForClient()
                let buffer = try buffer(&state)
                if state.id != nil {
                    try send(buffer, &state)
                    let (id, parts) = (state.id ?? "", state.parts)
                    let completion = S3Completion(parts: parts, size: state.bytes, creationToken: creationToken)
                    try bucket.mappingErrors { () throws(S3Failure) in try bucket.client.complete(id, key, completion) }
                } else {
                    try bucket.mappingErrors { () throws(S3Failure) in
                        try bucket.client.put(key, buffer.bytes, contentType: contentType)
                    }
                }
                state.end()
                return StoredArtifact(bytes: state.bytes, duration: .now - start, isShared: false, sha256: nil)
            }
        }
        if case .failure = result { abort() }
        return try result.get()
    }

    func abort() {
        let call = state.withLock { state -> (endsUpload: Bool, id: String?) in
            defer { state.end() }
            return (!state.hasEnded, state.id)
        }
        guard call.endsUpload else { return }
        // If this fails, `removeExpiredUploads` removes the parts later.
        if let id = call.id { try? bucket.client.abort(id, key) }
        claim?.release()
    }
}
