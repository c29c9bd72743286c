/// What is wrong with a query, its variables or its answer, in one sentence for the client.
package struct GraphQLError: Error, Sendable, Equatable {
    package let message: String

    package init(_ message: String) {
        self.message = message
    }
}
