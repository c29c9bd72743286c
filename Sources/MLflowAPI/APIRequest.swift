package import Budgets

/// One request as an endpoint sees it: already routed, its body whole in memory.
package struct APIRequest: Sendable {
    /// GET, POST, …; HEAD arrives as GET.
    package var method: String
    /// The captured path parameters, each decoded once, in the order of the endpoint's pattern.
    package var parameters: [String]
    /// Decoded once, in the order of the query string, duplicates kept.
    package var query: [(name: String, value: String)]
    /// A header field by its name in lower case; nil when there is none.
    package var header: @Sendable (_ lowercasedName: String) -> String?
    package var body: [UInt8]
    /// Whether an answer may be gzip-compressed.
    package var acceptsGzip: Bool
    /// The address at which the client reached this server, down to the static prefix and without a slash at its end,
    /// such as `http://127.0.0.1:5000/mlflow`; nil when it is not known.
    package var baseURL: @Sendable () -> String?
    /// Who waits for the answer: long work for one that has left may end.
    package var caller: Caller
    /// Whether the handler's thread serves nobody else, so that it may wait for a commit.
    package var mayBlock: Bool

    package init(
        method: String,
        parameters: [String],
        query: [(name: String, value: String)],
        header: @escaping @Sendable (_ lowercasedName: String) -> String?,
        body: [UInt8],
        acceptsGzip: Bool = false,
        baseURL: @escaping @Sendable () -> String? = { nil },
        caller: Caller = .server,
        mayBlock: Bool = false
    ) {
        self.method = method
        self.parameters = parameters
        self.query = query
        self.header = header
        self.body = body
        self.acceptsGzip = acceptsGzip
        self.baseURL = baseURL
        self.caller = caller
        self.mayBlock = mayBlock
    }

    /// The first value of a query parameter.
    func queryValue(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }
}
