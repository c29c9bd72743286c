package import JSON

/// A query that has been parsed, and checked against a schema and the limits.
package struct GraphQLRequest: Sendable {
    /// The fields of the first level.
    package let selections: [GraphQLSelection]
    private let limits: GraphQLLimits

    /// Parses and checks a query.
    ///
    /// - Parameters:
    ///   - operationName: the operation to carry out; needed only if the query has several.
    ///   - variables: a JSON object, null or nil.
    package init(
        _ query: String,
        operationName: String?,
        variables: JSONValue?,
        schema: GraphQLSchema,
        limits: GraphQLLimits = GraphQLLimits()
    ) throws(GraphQLError) {
        let document = try Parser.document(query, limits)
        let operation = try Self.operation(named: operationName, of: document)
        guard operation.kind == .query else {
            throw GraphQLError("This server answers only queries; a \(operation.kind.rawValue) is not carried out.")
        }
        if let variables, !variables.isNull, variables.kind != .object {
            throw GraphQLError("The variables must be an object.")
        }
        var inputs = InputReader(schema, limits)
        try inputs.readVariables(operation.variables, from: variables)
        var planner = SelectionPlanner(schema, document, inputs, limits)
        selections = try planner.plan(operation)
        self.limits = limits
    }

    private static func operation(
        named name: String?,
        of document: Document
    ) throws(GraphQLError) -> OperationDefinition {
        guard let name, !name.isEmpty else {
            guard let operation = document.operations.first else { throw GraphQLError("The query has no operation.") }
            guard document.operations.count == 1 else {
                throw GraphQLError("Must provide operation name if query contains multiple operations.")
            }
            return operation
        }
        guard let operation = document.operations.first(where: { $0.name == name }) else {
            throw GraphQLError("Unknown operation named '\(name.prefix(60))'.")
        }
        return operation
    }

    /// Carries out the query.
    ///
    /// - Parameters:
    ///   - root: the object with the fields of the first level.
    ///   - reportable: returns the message for an error of a field that the answer reports; nil for an error that must
    ///     be thrown.
    /// - Returns: the response as JSON, which is written while the fields are read, so that it is in memory only once. Fields
    ///   that failed are null, and the messages of the failures are in `errors`.
    /// - Throws: errors that are not reportable, and `GraphQLError` for an answer that is too long.
    package func answer(
        from root: any GraphQLObject,
        reportable: @escaping (any Error) -> String?
    ) throws -> [UInt8] {
        var writer = AnswerWriter(limits: limits, reportable: reportable)
        return try writer.answer(selections, of: root)
    }
}
