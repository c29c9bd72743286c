package import Budgets
package import HTTPWire

extension HTTPServer {
    /// What a server needs to know before it starts.
    package struct Configuration: Sendable {
        /// A name or a numeric address; every address it stands for is listened on.
        package var host = "127.0.0.1"
        /// 0 lets the system choose.
        package var port = 0
        /// Event loops, each with one thread at a time; nil means the active cores, 2 to 4.
        package var loopCount: Int?
        /// Threads for work that may block.
        package var workerCount = 8
        package var limits = HTTPLimits()
        /// What all requests share; given to others too who spend of it.
        package var budgets = Budgets()
        /// The `Server` field; empty leaves it out.
        package var serverName = ""
        /// Makes the answer for an error that the server itself finds.
        ///
        /// Called on any thread; must not block.
        package var errorResponse: @Sendable (_ status: Int, _ message: String) -> HTTPResponse
        /// Fields for every answer that does not set them itself.
        package var commonHeaders: [(name: String, value: String)] = []
        /// Fields that depend on the request, such as those of CORS.
        ///
        /// Called on the loop for each parsed request.
        package var requestHeaders: (@Sendable (HTTPRequest) -> [(name: String, value: String)])?
        /// Judges a request before its body is read and before its handler is called, or none is found; an answer refuses it.
        package var admit: (@Sendable (HTTPRequest) -> HTTPResponse?)?
        /// Told about each exchange just before the last byte of its answer is handed to the kernel, so that a client that
        /// has its answer finds it counted.
        ///
        /// Called on the loop; must not block.
        package var onExchange: (@Sendable (HTTPExchange) -> Void)?

        /// Plain-text errors until the caller sets its own.
        package init() {
            errorResponse = { status, message in
                HTTPResponse(status: status, contentType: "text/plain; charset=utf-8", bytes: [UInt8](message.utf8))
            }
        }
    }

    /// What a server has counted since its start.
    package struct Statistics: Sendable {
        package let openConnections: Int
        package let acceptedConnections: Int
        package let requests: Int
        package let bytesReceived: Int
        package let bytesSent: Int
        /// How often a loop was woken; stands still while nothing happens.
        package let wakeUps: Int
    }
}
