internal import ArtifactStore
internal import Budgets
internal import HTTPServer
internal import HTTPWire

/// Writes a part of an upload from the socket to the disk.
final class PartReceiver: HTTPBodyReceiver {
    private let part: MultipartPart
    private let failure: @Sendable (any Error) -> HTTPResponse
    /// Counts the part among the files that one client sends at the same time; nil if there is no limit.
    private let slot: BudgetReservation?
    private let responder: HTTPResponder

    init(
        part: MultipartPart,
        failure: @escaping @Sendable (any Error) -> HTTPResponse,
        slot: BudgetReservation?,
        responder: HTTPResponder
    ) {
        self.slot = slot
        self.part = part
        self.failure = failure
        self.responder = responder
    }

    func receive(_ bytes: UnsafeRawBufferPointer) throws {
        do {
            try part.write(bytes)
        } catch {
            responder.send(failure(error))
            throw error
        }
    }

    func finish() {
        do {
            responder.send(HTTPResponse(headers: [("ETag", try part.commit())], body: .bytes([])))
        } catch { responder.send(failure(error)) }
    }

    func abort() { part.abort() }
}
