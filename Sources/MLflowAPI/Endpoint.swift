internal import Budgets
internal import TrackingStore

/// Takes an endpoint's answer, exactly once, from any thread.
package typealias APIReply = @Sendable (APIResponse) -> Void

/// A method, a path pattern, and what answers.
package struct Endpoint: Sendable {
    /// How a request reaches its handler.
    package enum Handling: Sendable {
        /// The body is in memory; the handler returns at once.
        case message(@Sendable (APIRequest, @escaping APIReply) -> Void)
        /// The body is in memory; the handler may wait for files or the database.
        case blocking(@Sendable (APIRequest, @escaping APIReply) -> Void)
        /// The body is taken as it arrives; the handler may wait. nil: it has answered already and wants no body.
        case upload(@Sendable (APIRequest, @escaping APIReply) -> (any APIUpload)?)
    }

    /// The method in capitals, such as GET.
    package var method: String
    /// Segments in braces are parameters; one that ends with `...` takes the rest of the path.
    package var path: String
    package var handling: Handling
}

/// Takes a request body as it arrives.
package protocol APIUpload: AnyObject, Sendable {
    /// Takes the next bytes; may block. It has answered already when it throws, and `abort` follows.
    func receive(_ bytes: UnsafeRawBufferPointer) throws
    /// The body is whole: answers.
    func finish()
    /// The body will never be whole: leaves nothing behind.
    func abort()
}

/// What a handler wants done once its request has been read and found legal.
enum Operation: Sendable {
    /// Part of the next group commit; answered when that is durable.
    case write(@Sendable (WriteSession) throws -> APIResponse)
    /// As `write`, but a request that is repeated because its answer was lost is answered with what it made.
    case create(_ kind: String, @Sendable (WriteSession) throws -> APIResponse)
    /// On a reader's thread, at one moment in time; `.cheap` for what looks up one thing, which waits behind no search.
    case read(_ cost: ReadCost = .dear, @Sendable (ReadSession) throws -> APIResponse)
    /// Known already.
    case answer(APIResponse)
}
