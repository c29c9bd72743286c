package import Budgets
package import HTTPWire
package import TLS

extension HTTPServer {
    /// What a server needs to know before it starts.
    package struct Configuration: Sendable {
        /// A host name or a numeric address; the server listens on every address of a name.
        package var host = "127.0.0.1"
        /// 0 lets the system choose.
        package var port = 0
        /// Event loops, each with one thread at a time; nil means the active cores, 2 to 4.
        package var loopCount: Int?
        /// Threads for work that may block.
        package var workerCount = 8
        /// The certificate and key of a server of https; nil for plain HTTP.
        package var encryption: TLSServerContext?
        package var limits = HTTPLimits()
        /// The shared limits of all requests; other parts of the program may use the same budgets.
        package var budgets = Budgets()
        /// The `Server` field; empty leaves it out.
        package var serverName = ""
        /// Makes the response for an error that the server itself detects; the request is nil if none could be read.
        ///
        /// Called on any thread; must not block.
        package var errorResponse: @Sendable (HTTPRefusal, _ request: HTTPRequest?) -> HTTPResponse
        /// Fields for every answer that does not set them itself.
        package var commonHeaders: [(name: String, value: String)] = []
        /// Fields that depend on the request, such as those of CORS.
        ///
        /// Called on the loop for each parsed request.
        package var requestHeaders: (@Sendable (HTTPRequest) -> [(name: String, value: String)])?
        /// Checks a request once its route is known, before its body is read and its handler is called.
        ///
        /// Called on the loop; must not block. It may note who sends the request.
        package var admit: (@Sendable (inout HTTPRequest) -> HTTPAdmission)?
        /// Looks again at a request whose body was awaited; nil where what was decided at the head stays right.
        package var readmission: HTTPReadmission?
        /// Called for each exchange just before the last byte of its answer is handed to the kernel, so that a client
        /// that has its answer also finds it counted.
        ///
        /// Called on the loop; must not block.
        package var onExchange: (@Sendable (HTTPExchange) -> Void)?

        /// Errors are sent as plain text until the caller sets another function.
        package init() {
            errorResponse = { refusal, _ in
                let bytes = [UInt8](refusal.message.utf8)
                return HTTPResponse(status: refusal.status, contentType: "text/plain; charset=utf-8", bytes: bytes)
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
        /// The number of times that an event loop has woken up; it does not change while the server is idle.
        package let wakeUps: Int
    }
}
