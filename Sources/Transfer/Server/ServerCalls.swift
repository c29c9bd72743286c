package import Files
internal import JSON

/// Makes calls to a running MLflow server; the calls only read, so each may be repeated.
package protocol ServerCalls {
    /// The server's address in messages.
    var address: String { get }

    /// Sends `GET path` and returns the answer, whatever its status.
    ///
    /// - Parameter path: the path with its query, percent-encoded.
    /// - Throws: `SourceFailure` if the server does not answer after several attempts; `RefusedCall` if only this call
    ///   cannot be answered.
    func get(_ path: String) throws -> ServerAnswer

    /// Sends `POST path` with a JSON body; the result and the errors are those of `get`.
    func post(_ path: String, json: [UInt8]) throws -> ServerAnswer

    /// Copies the body of the answer to `GET path` into a file without a name, which is open for reading.
    ///
    /// - Parameter listed: the size in the server's list of files; nil if the list has no size.
    /// - Throws: `RefusedCall` for an answer of another status than 200 or of another size; `SourceFailure` as in `get`.
    func fetch(_ path: String, bytes listed: Int64?) throws -> Descriptor
}

/// The answer of a server to one call.
package struct ServerAnswer: Sendable {
    package let status: Int
    package let body: [UInt8]
    /// The server's message about a failure; empty if it sent none.
    package let message: String

    package init(status: Int, body: [UInt8], message: String) {
        self.status = status
        self.body = body
        self.message = message
    }

    /// Parses the JSON object of a successful answer.
    ///
    /// - Throws: `RefusedCall` for any other answer.
    func parsedObject() throws(RefusedCall) -> JSONValue {
        guard status == 200 else { throw RefusedCall(status: status, message: message) }
        var limits = JSONLimits()
        limits.valueCount = TransferFileLimits.jsonValues
        do {
            let root = try JSONDocument(parsing: body, limits: limits).root
            guard root.kind == .object else {
                throw RefusedCall(status: status, message: "its answer is not a JSON object")
            }
            return root
        } catch let error as RefusedCall {
            throw error
        } catch {
            throw RefusedCall(status: status, message: "its answer is not JSON: \(error)")
        }
    }
}

/// A call that the server refused, or whose answer cannot be used.
package struct RefusedCall: Error, CustomStringConvertible {
    /// The status of the answer; nil if the answer cannot be used whatever its status.
    package let status: Int?
    /// The message for the user, without a full stop.
    package let description: String

    package init(status: Int, message: String) {
        self.status = status
        let message = message.hasSuffix(".") ? String(message.dropLast()) : message
        description = "the server answers with status \(status)\(message.isEmpty ? "" : ": \(message)")"
    }

    /// - Parameter reason: a clause in which the server is called "it".
    package init(unusable reason: String) {
        status = nil
        description = "the server's answer cannot be used: \(reason)"
    }
}
