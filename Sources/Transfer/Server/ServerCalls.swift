package import Files
internal import JSON

/// Calls of a running MLflow server.
///
/// They read only, so that each may be carried out twice.
package protocol ServerCalls {
    /// The server's address, for a person.
    var address: String { get }

    /// Sends `GET path` and returns the answer, whatever its status.
    ///
    /// - Parameter path: with its query, percent-encoded.
    /// - Throws: `SourceFailure` where there is no answer, also after some more attempts; `RefusedCall` where the
    ///   answer to this call cannot be had.
    func get(_ path: String) throws -> ServerAnswer

    /// Sends `POST path` with a JSON body, otherwise as `get`.
    func post(_ path: String, json: [UInt8]) throws -> ServerAnswer

    /// Copies the body of the answer to `GET path` to a file without a name, open for reading.
    ///
    /// - Parameter listed: the size that the server lists the file with; nil where it lists none.
    /// - Throws: `RefusedCall` for an answer of another status than 200 or of another size; `SourceFailure` as `get`.
    func fetch(_ path: String, bytes listed: Int64?) throws -> Descriptor
}

/// The answer of a server to one call.
package struct ServerAnswer: Sendable {
    package let status: Int
    package let body: [UInt8]
    /// What the server says about a failure, for a person; empty if nothing.
    package let message: String

    package init(status: Int, body: [UInt8], message: String) {
        self.status = status
        self.body = body
        self.message = message
    }

    /// The document of a successful answer.
    ///
    /// - Throws: `RefusedCall` for any other answer.
    func root() throws(RefusedCall) -> JSONValue {
        guard status == 200 else { throw RefusedCall(status: status, message: message) }
        var limits = JSONLimits()
        limits.valueCount = TransferFileLimits.jsonValues
        do {
            let root = try JSONDocument(parsing: body, limits: limits).root
            guard root.kind == .object else { throw RefusedCall(status: status, message: "its answer is no object") }
            return root
        } catch let error as RefusedCall {
            throw error
        } catch {
            throw RefusedCall(status: status, message: "its answer is no JSON: \(error)")
        }
    }
}

/// An answer of a server that is not the one that was asked for.
package struct RefusedCall: Error, CustomStringConvertible {
    /// nil where the answer cannot be used whatever its status.
    package let status: Int?
    /// For a person, without a full stop.
    package let description: String

    package init(status: Int, message: String) {
        self.status = status
        description = "the server answers with status \(status)\(message.isEmpty ? "" : ": \(message)")"
    }

    /// - Parameter reason: goes on after the server as `it`.
    package init(unusable reason: String) {
        status = nil
        description = "the server's answer cannot be used: \(reason)"
    }
}
