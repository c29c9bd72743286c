internal import ArtifactStore
internal import Synchronization
internal import Tracking

/// Takes an uploaded artifact from the socket to its file.
final class ArtifactReceiver: APIUpload {
    /// Journals what was stored and calls `done` when the answer may go out.
    typealias Journal = @Sendable (_ artifact: StoredArtifact, _ done: @escaping @Sendable () -> Void) -> Void

    struct Limits: Sendable {
        /// The largest artifact that the route takes.
        var bytes: Int
        var allowsEmpty: Bool
    }

    private let upload: ArtifactUpload
    private let limits: Limits
    private let journal: Journal
    private let success: APIResponse
    private let failure: @Sendable (any Error) -> APIResponse
    private let reply: APIReply
    private let received = Mutex(0)

    init(
        upload: ArtifactUpload,
        limits: Limits,
        journal: @escaping Journal,
        success: APIResponse,
        failure: @escaping @Sendable (any Error) -> APIResponse,
        reply: @escaping APIReply
    ) {
        self.upload = upload
        self.limits = limits
        self.journal = journal
        self.success = success
        self.failure = failure
        self.reply = reply
    }

    func receive(_ bytes: UnsafeRawBufferPointer) throws {
        let total = received.withLock { received in
            received += bytes.count
            return received
        }
        do {
            guard total <= limits.bytes else {
                throw TrackingError.invalidParameter(
                    "Artifact size is too large. Max size is \(limits.bytes / 1_048_576)MB."
                )
            }
            try upload.write(bytes)
        } catch {
            reply(failure(error))
            throw error
        }
    }

    func finish() {
        do {
            guard limits.allowsEmpty || received.withLock({ $0 }) > 0 else {
                upload.abort()
                throw TrackingError.invalidParameter("Request must specify data.")
            }
            journal(try upload.commit()) { [reply, success] in reply(success) }
        } catch {
            reply(failure(error))
        }
    }

    func abort() {
        upload.abort()
    }
}
