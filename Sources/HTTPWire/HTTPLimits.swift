/// The limits of a single message: sizes, counts and times.
///
/// Sizes are bytes. A request that exceeds a limit is answered with the status in the limit's comment, and the
/// connection is closed. The limits of all requests together are in the module Budgets.
package struct HTTPLimits: Sendable {
    /// The largest size of the request line and all header fields together; 431.
    package var headBytes = 128 * 1_024
    /// The largest size of the request target; 414.
    package var targetBytes = 64 * 1_024
    /// The largest number of header fields; 431.
    package var fieldCount = 300
    /// The largest number of query parameters; 400.
    package var queryParameterCount = 1_024
    /// The largest size of a collected body after decompression, if the route sets no limit of its own; 413.
    package var bodyBytes = 32 * 1_048_576
    /// The size up to which a body or an answer is accepted even when the memory budgets are used up.
    package var alwaysHeldBytes = 64 * 1_024
    /// A request whose collected body is larger than this size is handled on another thread, not on the event loop.
    package var inlineBodyBytes = 16 * 1_024
    /// The largest size of the line with a chunk's size and its extensions; 400.
    package var chunkLineBytes = 256
    /// The largest size of the trailer section of a chunked body, which is ignored; 400.
    package var trailerBytes = 8 * 1_024
    /// The largest rest of a refused body that is read and discarded, so that the connection can be used again.
    package var keepAliveDrainBytes = 1_048_576
    /// The largest number of bytes that are read and discarded after the last answer on a connection, before it is closed.
    package var closingDrainBytes = 16 * 1_048_576

    /// The longest time from the first byte of a head to its end; 408.
    package var headTimeout: Duration = .seconds(30)
    /// The longest time between two requests on a connection; then the connection is closed without an answer.
    package var idleTimeout: Duration = .seconds(150)
    /// The longest time for which no byte of a request body arrives; 408.
    package var bodyStallTimeout: Duration = .seconds(120)
    /// The number of bytes of a body that must arrive in each `paceTime`; 408 for a slower body, but only if other requests
    /// need its memory.
    package var bodyPaceBytes = 256 * 1_024
    /// The number of bytes of an answer that the client must read in each `paceTime`.
    ///
    /// The connection of a slower client is closed, but only if other requests need the memory of the answer.
    package var answerPaceBytes = 64 * 1_024
    /// The period of `bodyPaceBytes` and `answerPaceBytes`.
    package var paceTime: Duration = .seconds(2)
    /// The longest time for which the client reads no byte of an answer; then the connection is closed.
    package var writeStallTimeout: Duration = .seconds(120)
    /// If a client closes its sending side before its answer is ready, it counts as disconnected after this time.
    package var halfClosedTimeout: Duration = .seconds(1)
    /// The time in which an idle connection may still send one more request after the server was told to stop.
    package var lastRequestTimeout: Duration = .milliseconds(250)
    /// The longest time for which input is read and discarded after the last answer on a connection.
    package var drainTimeout: Duration = .seconds(5)

    package init() {}
}
