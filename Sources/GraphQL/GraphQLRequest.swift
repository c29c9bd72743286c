package import JSON

/// A query that has been read, checked against a schema and bounded; what it asks for can be answered.
package struct GraphQLRequest: Sendable {
    /// The fields of the first level.
    package let selections: [GraphQLSelection]
    private let limits: GraphQLLimits

    /// - Parameters:
    ///   - operationName: which operation is meant, where the query has several.
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
            throw GraphQLError("This server answers queries alone; a \(operation.kind.rawValue) is not carried out.")
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
            guard let operation = document.operations.first else {
                throw GraphQLError("The query has no operation.")
            }
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

    /// Asks an object for the fields of the first level.
    ///
    /// - Parameter reportable: gives the message of a failure that the answer reports; nil for one that ends the
    ///   answer.
    /// - Returns: a JSON object, and the messages of the failures; each field that failed is null.
    /// - Throws: what is not reportable, and `GraphQLError` for an answer that grows too long.
    package func answer(
        from root: any GraphQLObject,
        reportable: @escaping (any Error) -> String?
    ) throws -> (data: [UInt8], errors: [String]) {
        var answer = AnswerWriter(limits: limits, reportable: reportable)
        try answer.write(selections, of: root)
        return (answer.takeBytes(), answer.errors)
    }
}
