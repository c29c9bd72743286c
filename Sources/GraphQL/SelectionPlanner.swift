/// Checks the selections of an operation against the schema, and merges them into the fields of the answer (GraphQL,
/// October 2021, §5.3, §6.3.2).
///
/// The planner needs no data: the schema has no interfaces and no unions, so the type of each object is known.
struct SelectionPlanner {
    private let schema: GraphQLSchema
    private let fragments: [String: FragmentDefinition]
    private let limits: GraphQLLimits
    private var inputs: InputReader
    private var selectionCount = 0
    private var stepCount = 0

    init(_ schema: GraphQLSchema, _ document: Document, _ inputs: InputReader, _ limits: GraphQLLimits) {
        self.schema = schema
        self.inputs = inputs
        self.limits = limits
        fragments = document.fragments
    }

    /// Returns the fields of the first level of the answer.
    mutating func plan(_ operation: OperationDefinition) throws(GraphQLError) -> [GraphQLSelection] {
        guard let root = schema.objects[GraphQLSchema.root] else { throw GraphQLError("There is nothing to query.") }
        try refuseCycles()
        return try select([operation.selections], of: root, depth: 1)
    }

    /// The fields that were collected on one level, in the order of the query.
    private struct Level {
        /// The selections of each field, by the name of the field in the answer.
        var groups: [(key: String, fields: [FieldSelection])] = []
        /// The index in `groups` of each name.
        var positions: [String: Int] = [:]
        /// The names of the fragments that were spread.
        var spread: Set<String> = []
        var aliasCount = 0
        var fieldCount = 0

        mutating func add(_ field: FieldSelection) {
            fieldCount += 1
            if field.alias != nil { aliasCount += 1 }
            let key = field.responseKey
            if let position = positions[key] {
                groups[position].fields.append(field)
            } else {
                positions[key] = groups.count
                groups.append((key, [field]))
            }
        }
    }

    private mutating func select(
        _ sets: [[Selection]],
        of type: GraphQLSchema.ObjectType,
        depth: Int
    ) throws(GraphQLError) -> [GraphQLSelection] {
        guard depth <= limits.depth else {
            throw GraphQLError("The query is more than \(limits.depth) levels of fields deep.")
        }
        var level = Level()
        for set in sets { try collect(set, of: type, into: &level) }
        guard level.aliasCount <= limits.aliasCount else {
            throw GraphQLError(
                "The query has \(level.aliasCount) aliases on one level; at most \(limits.aliasCount) are allowed."
            )
        }
        guard depth > 1 || level.fieldCount <= limits.rootFieldCount else {
            throw GraphQLError(
                "The query has \(level.fieldCount) root fields; at most \(limits.rootFieldCount) are allowed."
            )
        }
        var planned: [GraphQLSelection] = []
        for group in level.groups { planned.append(try merge(group.fields, group.key, of: type, depth)) }
        return planned
    }

    private mutating func collect(
        _ selections: [Selection],
        of type: GraphQLSchema.ObjectType,
        into level: inout Level
    ) throws(GraphQLError) {
        for selection in selections {
            stepCount += 1
            guard stepCount <= limits.stepCount else { throw tooManySelections }
            switch selection {
            case .field(let field):
                guard try isIncluded(field.directives) else { continue }
                selectionCount += 1
                guard selectionCount <= limits.selectionCount else { throw tooManySelections }
                level.add(field)
            case .spread(let name, let directives):
                guard let fragment = fragments[name] else { throw GraphQLError("Unknown fragment '\(name)'.") }
                try require(fragment.type, of: type, "The fragment '\(name)'")
                // A fragment that has already been spread on this level adds nothing.
                guard try isIncluded(directives), level.spread.insert(name).inserted else { continue }
                try collect(fragment.selections, of: type, into: &level)
            case .inline(let condition, let directives, let inner):
                if let condition { try require(condition, of: type, "An inline fragment") }
                guard try isIncluded(directives) else { continue }
                try collect(inner, of: type, into: &level)
            }
        }
    }

    private var tooManySelections: GraphQLError {
        GraphQLError("The query selects more than \(limits.selectionCount) fields.")
    }

    /// Throws unless a fragment on the type `condition` may be used where fields of `type` are selected.
    ///
    /// - Parameter fragment: the beginning of the message, such as "An inline fragment".
    private func require(
        _ condition: String,
        of type: GraphQLSchema.ObjectType,
        _ fragment: String
    ) throws(GraphQLError) {
        guard schema.objects[condition] != nil else { throw GraphQLError("Unknown type '\(condition)'.") }
        guard condition == type.name else {
            throw GraphQLError(
                "\(fragment) cannot be used here, because an object of type '\(type.name)' can never be of type '\(condition)'."
            )
        }
    }

    /// Whether a selection belongs to the answer according to `@skip` and `@include`; ignores all other directives.
    private mutating func isIncluded(_ directives: [Directive]) throws(GraphQLError) -> Bool {
        for directive in directives where directive.name == "skip" || directive.name == "include" {
            guard let argument = directive.arguments.first(where: { $0.name == "if" }),
                case .boolean(let condition)? = try inputs.value(of: argument, .nonNull(.named("Boolean")))
            else { throw GraphQLError("The directive '@\(directive.name)' needs the argument 'if'.") }
            if condition == (directive.name == "skip") { return false }
        }
        return true
    }

    private mutating func merge(
        _ fields: [FieldSelection],
        _ key: String,
        of type: GraphQLSchema.ObjectType,
        _ depth: Int
    ) throws(GraphQLError) -> GraphQLSelection {
        guard let field = fields.first else { throw GraphQLError("The field '\(key)' has no selection.") }
        guard fields.allSatisfy({ $0.name == field.name }) else { throw conflict(key) }
        if field.name == GraphQLSelection.typeName {
            guard fields.allSatisfy({ $0.selections == nil && $0.arguments.isEmpty }) else {
                throw GraphQLError("The field '__typename' takes neither arguments nor selections.")
            }
            return GraphQLSelection(responseKey: key, name: field.name, arguments: [:], selections: [])
        }
        guard let definition = type.fields[field.name] else {
            throw GraphQLError("Cannot query field '\(field.name)' on type '\(type.name)'.")
        }
        let arguments = try inputs.arguments(of: field, types: definition.arguments, in: type.name)
        for other in fields.dropFirst() {
            let others = try inputs.arguments(of: other, types: definition.arguments, in: type.name)
            guard others == arguments else { throw conflict(key) }
        }
        guard let inner = schema.objects[definition.type.name] else {
            guard fields.allSatisfy({ $0.selections == nil }) else {
                throw GraphQLError("The field '\(field.name)' of type '\(definition.type)' has no fields to select.")
            }
            return GraphQLSelection(responseKey: key, name: field.name, arguments: arguments, selections: [])
        }
        let sets = fields.compactMap(\.selections)
        guard sets.count == fields.count else {
            throw GraphQLError(
                "The field '\(field.name)' of type '\(definition.type)' must have a selection of fields: "
                    + "'\(field.name) { ... }'."
            )
        }
        let selections = try select(sets, of: inner, depth: depth + 1)
        return GraphQLSelection(responseKey: key, name: field.name, arguments: arguments, selections: selections)
    }

    private func conflict(_ key: String) -> GraphQLError {
        GraphQLError(
            "Different fields, or a field with different arguments, have the name '\(key)' in the answer; use aliases."
        )
    }

    /// Throws if a fragment spreads itself, directly or through other fragments (§5.5.2.2).
    private func refuseCycles() throws(GraphQLError) {
        var finished: Set<String> = []
        for name in fragments.keys.sorted() {
            var path: [String] = []
            try refuseCycles(from: name, &path, &finished)
        }
    }

    /// Throws if a fragment spreads a fragment in `path`, directly or indirectly; the number of definitions limits the recursion.
    private func refuseCycles(
        from name: String,
        _ path: inout [String],
        _ finished: inout Set<String>
    ) throws(GraphQLError) {
        guard let fragment = fragments[name], !finished.contains(name) else { return }
        guard !path.contains(name) else { throw GraphQLError("The fragment '\(name)' spreads itself.") }
        path.append(name)
        for spread in Self.spreads(in: fragment.selections) { try refuseCycles(from: spread, &path, &finished) }
        path.removeLast()
        finished.insert(name)
    }

    /// The names of the fragments that selections spread, on any level; the nesting of the query limits the recursion.
    private static func spreads(in selections: [Selection]) -> Set<String> {
        var names: Set<String> = []
        for selection in selections {
            switch selection {
            case .field(let field): names.formUnion(spreads(in: field.selections ?? []))
            case .spread(let name, _): names.insert(name)
            case .inline(_, _, let inner): names.formUnion(spreads(in: inner))
            }
        }
        return names
    }
}
