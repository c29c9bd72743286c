/// How a filter writes the value of a field, and the type to which the value is converted.
enum ValueKind: Sendable, Equatable {
    /// A number, converted to a double: metrics.
    case double
    /// A number, converted to an integer if it is written as an integer, otherwise to a double: times of runs and of
    /// logged models.
    case integerOrDouble
    /// An integer: times of experiments, registered models and model versions.
    case integer
    /// An integer, quoted or not: numbers of model versions.
    case integerOrQuotedInteger
    /// A quoted string.
    case text
    /// A quoted string or a list of quoted strings.
    case textOrList
    /// A text, quoted or not, or a list of quoted strings, which may be empty: the fields of logged models that are texts.
    case optionallyQuoted
    /// A quoted integer or a list of quoted integers: experiment ids.
    case quotedInteger
}

/// An attribute, or a field of a dataset.
struct Field: Sendable {
    /// The canonical name.
    let name: String
    let kind: ValueKind
    let isOrderable: Bool
    let isComparable: Bool

    init(_ name: String, _ kind: ValueKind, isOrderable: Bool = true, isComparable: Bool = true) {
        self.name = name
        self.kind = kind
        self.isOrderable = isOrderable
        self.isComparable = isComparable
    }
}

/// The legal keys of an entity.
enum KeyRule: Sendable {
    /// Any key that a client may have logged; all of its values have the same kind.
    case anyKey(ValueKind, allowsNullTests: Bool)
    /// A fixed set of fields, by name; a field with several names occurs once for each name.
    case named([String: Field])
}

/// The grammar of one kind of search: its entities, attributes, operators and orders.
///
/// MLflow's searches differ in grammar and wording. Each difference is a property here, so that the parser has no cases
/// for single subjects.
package struct SearchSubject: Sendable {
    /// The legal prefixes before the dot of a key, with the entity that each prefix means.
    let entityNames: [String: Entity]
    /// The legal prefixes as MLflow's messages list them.
    let entityNamesText: String
    let rules: [Entity: KeyRule]
    let orderableEntities: Set<Entity>
    /// Whether a prefix may be written in backticks.
    let allowsQuotedEntityNames: Bool
    /// Whether `like` and `ilike` may be written in lower case.
    let foldsOperatorCase: Bool
    /// Whether a field may occur only once in `order_by`.
    let refusesRepeatedOrderings: Bool
    /// Whether a key may contain `/` and `-` between its words without quotes (`metrics.val/f1-score`).
    let joinsWords: Bool
    let wording: FilterWording
    /// Whether a filter may write the name of an attribute in quotes of any kind.
    var allowsQuotedAttributes = true
    /// The order if the request has no `order_by`.
    var defaultOrder: [Ordering] = []
    /// The attributes that order entities which all other orderings treat as equal; their values together are unique.
    let tieBreaks: [Ordering]
}

/// MLflow's wording for the errors of one kind of search; MLflow's own tests compare the beginnings of these messages.
struct FilterWording: Sendable {
    let invalidClause: String
    let invalidOperator: String
    /// The text before the name of an unknown entity in a message.
    let invalidEntity: String
    /// The word for a field in the message about an unknown field in `order_by`.
    var orderKey = "attribute key"
    /// Whether errors about values and operators have the wording of the model registry's searches.
    var usesRegistryWording = false
    /// Whether the parser checks the operator before it reads the value, so that the operator is reported if both are wrong.
    var checksOperatorFirst = false

    /// The wording for searches of runs and experiments.
    static let tracking = FilterWording(
        invalidClause: "Invalid clause(s) in filter string:",
        invalidOperator: "Invalid comparator",
        invalidEntity: "Invalid entity type"
    )

    static let registeredModels = FilterWording(
        invalidClause: tracking.invalidClause,
        invalidOperator: "Invalid comparator for",
        invalidEntity: tracking.invalidEntity,
        orderKey: "order by key",
        usesRegistryWording: true
    )

    static let modelVersions = FilterWording(
        invalidClause: tracking.invalidClause,
        invalidOperator: registeredModels.invalidOperator,
        invalidEntity: tracking.invalidEntity,
        usesRegistryWording: true
    )

    static let loggedModels = FilterWording(
        invalidClause: "Invalid filter string:",
        invalidOperator: "Invalid comparison operator",
        invalidEntity: "Invalid entity type:",
        checksOperatorFirst: true
    )
}

extension SearchSubject {
    /// Whether `IS NULL` and `IS NOT NULL` are legal for any entity.
    var allowsNullTests: Bool {
        rules.values.contains { rule in
            guard case .anyKey(_, allowsNullTests: true) = rule else { return false }
            return true
        }
    }

    /// The subject of `runs/search`.
    package static let runs = SearchSubject(
        entityNames: [
            "attribute": .attribute, "attributes": .attribute, "attr": .attribute, "run": .attribute,
            "metric": .metric, "metrics": .metric,
            "parameter": .parameter, "parameters": .parameter, "param": .parameter, "params": .parameter,
            "tag": .tag, "tags": .tag,
            "dataset": .dataset, "datasets": .dataset,
        ],
        entityNamesText: "['metric', 'parameter', 'tag', 'attribute', 'dataset']",
        rules: [
            .attribute: .named([
                "run_id": Field("run_id", .textOrList),
                "run_name": Field("run_name", .text),
                "run name": Field("run_name", .text, isOrderable: false),
                "Run name": Field("run_name", .text, isOrderable: false),
                "Run Name": Field("run_name", .text, isOrderable: false),
                "status": Field("status", .text),
                "user_id": Field("user_id", .text),
                "artifact_uri": Field("artifact_uri", .text),
                "start_time": Field("start_time", .integerOrDouble),
                "created": Field("start_time", .integerOrDouble),
                "Created": Field("start_time", .integerOrDouble),
                "end_time": Field("end_time", .integerOrDouble),
            ]),
            .metric: .anyKey(.double, allowsNullTests: false),
            .parameter: .anyKey(.text, allowsNullTests: true),
            .tag: .anyKey(.text, allowsNullTests: true),
            .dataset: .named([
                "name": Field("name", .textOrList, isOrderable: false),
                "digest": Field("digest", .textOrList, isOrderable: false),
                "context": Field("context", .textOrList, isOrderable: false),
            ]),
        ],
        orderableEntities: [.attribute, .metric, .parameter, .tag],
        allowsQuotedEntityNames: true,
        foldsOperatorCase: true,
        refusesRepeatedOrderings: true,
        joinsWords: false,
        wording: .tracking,
        tieBreaks: [.descending("start_time"), .ascending("run_id")]
    )

    /// The subject of `experiments/search`; MLflow accepts the prefix `attributes.` since 3.18.
    package static let experiments = SearchSubject(
        entityNames: ["attribute": .attribute, "attributes": .attribute, "tag": .tag, "tags": .tag],
        entityNamesText: "('attribute', 'tag', 'tags')",
        rules: [
            .attribute: .named([
                "name": Field("name", .text),
                "experiment_id": Field("experiment_id", .quotedInteger),
                "creation_time": Field("creation_time", .integer),
                "last_update_time": Field("last_update_time", .integer),
            ]),
            .tag: .anyKey(.text, allowsNullTests: true),
        ],
        orderableEntities: [.attribute],
        allowsQuotedEntityNames: false,
        foldsOperatorCase: false,
        refusesRepeatedOrderings: false,
        joinsWords: false,
        wording: .tracking,
        defaultOrder: [.descending("creation_time"), .ascending("experiment_id")],
        tieBreaks: [.descending("experiment_id")]
    )
}

extension ValueKind {
    /// The legal operators for a field of this kind; whether null tests are legal too depends on the entity.
    var operators: [ComparisonOperator] {
        switch self {
        case .double, .integerOrDouble, .integer, .integerOrQuotedInteger:
            [.equal, .notEqual, .greater, .greaterOrEqual, .less, .lessOrEqual]
        case .text: [.equal, .notEqual, .like, .ilike]
        case .textOrList, .optionallyQuoted: [.equal, .notEqual, .like, .ilike, .isIn, .notIn]
        case .quotedInteger: [.equal, .notEqual, .isIn, .notIn]
        }
    }

    var acceptsLists: Bool {
        switch self {
        case .textOrList, .optionallyQuoted, .quotedInteger: true
        case .double, .integerOrDouble, .integer, .integerOrQuotedInteger, .text: false
        }
    }
}
