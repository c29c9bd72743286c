/// The limits of a single message: sizes, counts and times.
///
/// Sizes are bytes. A request beyond a limit is answered with the status named beside the limit, and the connection is
/// closed. The server's `Budgets` limit what all requests use together.
package struct HTTPLimits: Sendable {
    /// The request line and all header fields together; 431 beyond it.
    package var headBytes = 128 * 1_024
    /// The request target; 414 beyond it.
    package var targetBytes = 64 * 1_024
    /// The number of header fields; 431 beyond it.
    package var fieldCount = 300
    /// The number of query parameters; 400 beyond it.
    package var queryParameterCount = 1_024
    /// A collected body after decompression, where the route sets no limit of its own; 413 beyond it.
    package var bodyBytes = 32 * 1_048_576
    /// A body or an answer up to this size is accepted even when the budgets are used up.
    package var alwaysHeldBytes = 64 * 1_024
    /// A collected body beyond this size is read on a thread for such work, so that the event loop goes on meanwhile.
    package var inlineBodyBytes = 16 * 1_024
    /// One chunk-size line with its extensions; 400 beyond it.
    package var chunkLineBytes = 256
    /// The trailer section of a chunked body, which is dropped; 400 beyond it.
    package var trailerBytes = 8 * 1_024
    /// The largest rest of a refused body that is read and dropped so that the connection can be used again.
    package var keepAliveDrainBytes = 1_048_576
    /// The largest amount of input that is read and dropped before a connection is closed after its last answer.
    package var closingDrainBytes = 16 * 1_048_576

    /// The longest time from the first byte of a head to its end; 408 after it.
    package var headTimeout: Duration = .seconds(30)
    /// The longest time that a kept-alive connection may be without a request; it is then closed without an answer.
    package var idleTimeout: Duration = .seconds(150)
    /// The longest time without a byte of a request body; 408 after it.
    package var bodyStallTimeout: Duration = .seconds(120)
    /// Bytes of a body that must arrive within `paceTime` to keep their memory when others need it; 408.
    package var bodyPaceBytes = 256 * 1_024
    /// Bytes of an answer that must be read within `paceTime` to keep their memory when others need it; the connection
    /// is cut.
    package var answerPaceBytes = 64 * 1_024
    /// The time for `bodyPaceBytes` and `answerPaceBytes` alike.
    package var paceTime: Duration = .seconds(2)
    /// The longest time in which the client reads no byte of an answer; the connection is then closed.
    package var writeStallTimeout: Duration = .seconds(120)
    /// A client that has closed its sending side counts as disconnected this long after its last byte, while its
    /// answer is being made.
    package var halfClosedTimeout: Duration = .seconds(1)
    /// How long an idle connection may still send its next request when the server stops.
    package var lastRequestTimeout: Duration = .milliseconds(250)
    /// How long input of a refused client is read and dropped.
    package var drainTimeout: Duration = .seconds(5)

    package init() {}
}
