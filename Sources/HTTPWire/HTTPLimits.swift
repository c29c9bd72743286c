/// The bounds of a single message: what it may send, hold or delay.
///
/// Sizes are bytes. A request beyond a bound is answered with the status named beside it and the connection ends. What
/// requests share is bounded by the server's `Budgets`.
package struct HTTPLimits: Sendable {
    /// Request line and all fields together; 431.
    package var headBytes = 128 * 1_024
    /// The request target alone; 414.
    package var targetBytes = 64 * 1_024
    /// Header fields; 431.
    package var fieldCount = 300
    /// Query parameters; 400.
    package var queryParameterCount = 1_024
    /// A buffered body, after decompression, where the route names no bound of its own; 413.
    package var bodyBytes = 32 * 1_048_576
    /// A body or an answer up to here needs no budget: it always finds room.
    package var alwaysHeldBytes = 64 * 1_024
    /// A buffered body beyond this size is handed to its handler on a worker queue instead of the loop's.
    package var inlineBodyBytes = 256 * 1_024
    /// One chunk-size line with its extensions; 400.
    package var chunkLineBytes = 256
    /// The trailer section of a chunked body, which is dropped; 400.
    package var trailerBytes = 8 * 1_024
    /// What is left of a refused body is read and dropped up to here so that the connection can live on.
    package var keepAliveDrainBytes = 1_048_576
    /// Beyond that: what is read and dropped after the answer before the connection is closed.
    package var closingDrainBytes = 16 * 1_048_576

    /// From the first byte of a head to its end; 408.
    package var headTimeout: Duration = .seconds(30)
    /// Without a request on a kept-alive connection; closed without an answer.
    package var idleTimeout: Duration = .seconds(150)
    /// Without one byte of progress of a request body; 408.
    package var bodyStallTimeout: Duration = .seconds(120)
    /// Bytes of a body that must arrive within `paceTime` to keep their memory when others need it; 408.
    package var bodyPaceBytes = 256 * 1_024
    /// Bytes of an answer that must be read within `paceTime` to keep their memory when others need it; the connection
    /// is cut.
    package var answerPaceBytes = 64 * 1_024
    /// The time for both.
    package var paceTime: Duration = .seconds(2)
    /// Without one byte of progress of a response; the connection is cut.
    package var writeStallTimeout: Duration = .seconds(120)
    /// From the last byte of a client that sends no more until it counts as gone while its answer is being made.
    package var halfClosedTimeout: Duration = .seconds(1)
    /// For the next request of a connection between two requests when the server stops.
    package var lastRequestTimeout: Duration = .milliseconds(250)
    /// For reading and dropping what a refused client still sends.
    package var drainTimeout: Duration = .seconds(5)

    package init() {}
}
