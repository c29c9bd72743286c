package import Budgets
package import HTTPWire
package import TLS

extension HTTPServer {
    /// The settings with which a server is made.
    package struct Configuration: Sendable {
        /// A host name or a numeric address; the server listens on every address of a name.
        package var host = "127.0.0.1"
        /// The port to listen at; 0 lets the system choose one.
        package var port = 0
        /// The number of event loops, each with a thread of its own; nil means one for each active core, but at least 2 and at
        /// most 4.
        package var loopCount: Int?
        /// The number of threads for work that may block.
        package var workerCount = 8
        /// The certificate and key of an https server; nil for plain HTTP.
        package var encryption: TLSServerContext?
        package var limits = HTTPLimits()
        /// The limits of memory, connections and queues that all requests share; other parts of the program may use the same
        /// budgets.
        package var budgets = Budgets()
        /// The value of the `Server` field; if it is empty, answers do not have the field.
        package var serverName = ""
        /// Makes the response for an error that the server itself detects; the request is nil if none could be read.
        ///
        /// Called on any thread; must not block.
        package var errorResponse: @Sendable (HTTPRefusal, _ request: HTTPRequest?) -> HTTPResponse
        /// Fields that are added to every answer that does not set them itself.
        package var commonHeaders: [(name: String, value: String)] = []
        /// Returns fields that depend on the request, such as those of CORS; called on the loop for each parsed request.
        package var requestHeaders: (@Sendable (HTTPRequest) -> [(name: String, value: String)])?
        /// Decides about each request when its head has arrived, before its body is read and its handler is called.
        ///
        /// Called on the loop; must not block. The closure may set the identity of the sender (`HTTPRequest.identify`).
        package var admit: (@Sendable (inout HTTPRequest) -> HTTPAdmission)?
        /// Decides again about a request when its body has arrived; nil if the decision of `admit` is final.
        package var readmission: HTTPReadmission?
        /// Called for each exchange just before the last bytes of its answer are sent, so that the statistics include the
        /// exchange when its client has the answer.
        ///
        /// Called on the loop; must not block.
        package var onExchange: (@Sendable (HTTPExchange) -> Void)?

        /// Makes a configuration whose `errorResponse` sends messages as plain text.
        package init() {
            errorResponse = { refusal, _ in
                let bytes = [UInt8](refusal.message.utf8)
                return HTTPResponse(status: refusal.status, contentType: "text/plain; charset=utf-8", bytes: bytes)
            }
        }
    }

    /// The numbers that a server has counted.
    package struct Statistics: Sendable {
        package let openConnections: Int
        package let acceptedConnections: Int
        /// The number of requests whose head has arrived or was refused.
        package let requests: Int
        package let bytesReceived: Int
        package let bytesSent: Int
        /// The number of times that an event loop or the acceptor has woken up; constant while the server is idle.
        package let wakeUps: Int
    }
}
