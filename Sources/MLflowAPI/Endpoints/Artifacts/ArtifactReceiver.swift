internal import ArtifactStore
internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Synchronization
internal import Tracking

/// Writes an uploaded artifact from the socket to its file.
final class ArtifactReceiver: HTTPBodyReceiver {
    /// Called when the answer may be sent, with the error to answer or nil.
    typealias Done = @Sendable ((any Error)?) -> Void

    /// Commits the upload, and adds it to the journal.
    typealias Commit = @Sendable (_ upload: any PendingArtifact, _ done: @escaping Done) throws -> Void

    struct Limits: Sendable {
        /// The largest artifact that the route accepts, in bytes.
        var bytes: Int
        var allowsEmpty: Bool
    }

    private let upload: any PendingArtifact
    private let limits: Limits
    private let commit: Commit
    private let success: HTTPResponse
    private let failure: @Sendable (any Error) -> HTTPResponse
    /// Counts the upload among the files that one client sends at the same time; nil if there is no limit.
    private let slot: BudgetReservation?
    private let responder: HTTPResponder
    private let received = Mutex(0)

    init(
        upload: any PendingArtifact,
        limits: Limits,
        commit: @escaping Commit,
        success: HTTPResponse,
        failure: @escaping @Sendable (any Error) -> HTTPResponse,
        slot: BudgetReservation?,
        responder: HTTPResponder
    ) {
        self.slot = slot
        self.upload = upload
        self.limits = limits
        self.commit = commit
        self.success = success
        self.failure = failure
        self.responder = responder
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
            responder.send(failure(error))
            throw error
        }
    }

    func finish() {
        do {
            guard limits.allowsEmpty || received.withLock({ $0 }) > 0 else {
                upload.abort()
                throw TrackingError.invalidParameter("Request must specify data.")
            }
            try commit(upload) { [responder, success, failure] error in responder.send(error.map(failure) ?? success) }
        } catch { responder.send(failure(error)) }
    }

    func abort() { upload.abort() }
}
