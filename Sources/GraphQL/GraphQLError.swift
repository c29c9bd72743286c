/// What is wrong with a query, or with what it asks for, in one sentence for the client.
package struct GraphQLError: Error, Sendable, Equatable {
    package let message: String

    package init(_ message: String) {
        self.message = message
    }
}
