/// A fault in a query, its variables or its answer, described for the client in one sentence.
package struct GraphQLError: Error, Sendable, Equatable {
    package let message: String

    package init(_ message: String) { self.message = message }

    /// The response to the query as JSON.
    package var answer: [UInt8] { AnswerWriter.refusal(self) }
}
