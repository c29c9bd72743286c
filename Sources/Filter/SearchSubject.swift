/// How the values of a field are written and typed.
enum ValueKind: Sendable, Equatable {
    /// A number, read as a double (metrics).
    case double
    /// A number: an integer stays one, the rest is a double (times of runs).
    case integerOrDouble
    /// An integer (times of experiments).
    case integer
    /// An integer, also as a quoted string (numbers of model versions).
    case integerOrDigits
    /// A quoted string.
    case text
    /// A quoted string or a list of them.
    case textOrList
    /// A text in single quotes or in none, or a list of quoted strings, which may be empty (all of logged models but
    /// numbers).
    case anyText
    /// A quoted string of decimal digits or a list of them (experiment ids).
    case digits
}

/// One attribute or dataset field, under one of its names.
struct Field: Sendable {
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

/// Which keys an entity has.
enum KeyRule: Sendable {
    /// Every key that a client may have logged; all its values are of one kind.
    case anyKey(ValueKind, allowsNullTests: Bool)
    /// The names (aliases included) of a closed set.
    case named([String: Field])
}

/// What can be searched: which entities, attributes, operators and orders are legal there.
///
/// A subject is a table: where the reference's searches differ in grammar or wording, a field of it says so, and the
/// parser asks for the field and never for the subject.
package struct SearchSubject: Sendable {
    /// The prefixes that may be written before the dot.
    let entityNames: [String: Entity]
    /// How the reference prints the legal prefixes.
    let entityNamesShown: String
    let rules: [Entity: KeyRule]
    let orderableEntities: Set<Entity>
    /// Whether a prefix may stand in backticks.
    let allowsQuotedEntityNames: Bool
    /// Whether `like` and `ilike` may be written in lower case.
    let foldsOperatorCase: Bool
    /// Whether a field may stand only once in `order_by`.
    let refusesRepeatedOrderings: Bool
    /// Whether `/` and `-` may stand between the words of a key (`metrics.val/f1-score`).
    let joinsWords: Bool
    let wording: FilterWording
    /// Whether a filter may write an attribute in quotes of any kind.
    var allowsQuotedAttributes = true
    /// The order where the client names none.
    var defaultOrder: [Ordering] = []
    /// Together unique.
    let tieBreaks: [Ordering]
}

/// How the reference words what is wrong with a filter; its clients' tests look at the beginnings.
struct FilterWording: Sendable {
    let invalidClause: String
    let invalidOperator: String
    /// Before the name of an entity that is none, without its quotes.
    let invalidEntity: String
    /// What an unknown field of `order_by` is called.
    var orderKey = "attribute key"
    /// Whether values and comparators are refused as in the searches of the registry.
    var isOfRegistry = false
    /// Whether an operator that the field lacks is refused before the value is looked at.
    var looksAtOperatorFirst = false

    /// Of runs and experiments.
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
        isOfRegistry: true
    )

    static let modelVersions = FilterWording(
        invalidClause: tracking.invalidClause,
        invalidOperator: registeredModels.invalidOperator,
        invalidEntity: tracking.invalidEntity,
        isOfRegistry: true
    )

    static let loggedModels = FilterWording(
        invalidClause: "Invalid filter string:",
        invalidOperator: "Invalid comparison operator",
        invalidEntity: "Invalid entity type:",
        looksAtOperatorFirst: true
    )
}

extension SearchSubject {
    /// Whether some of its entities may be tested for being there.
    var allowsNullTests: Bool {
        rules.values.contains { rule in
            guard case .anyKey(_, allowsNullTests: true) = rule else { return false }
            return true
        }
    }
}

extension SearchSubject {
    /// `runs/search`.
    package static let runs = SearchSubject(
        entityNames: [
            "attribute": .attribute, "attributes": .attribute, "attr": .attribute, "run": .attribute,
            "metric": .metric, "metrics": .metric,
            "parameter": .parameter, "parameters": .parameter, "param": .parameter, "params": .parameter,
            "tag": .tag, "tags": .tag,
            "dataset": .dataset, "datasets": .dataset,
        ],
        entityNamesShown: "['metric', 'parameter', 'tag', 'attribute', 'dataset']",
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

    /// `experiments/search`; `attributes.` is legal since 3.18.
    package static let experiments = SearchSubject(
        entityNames: ["attribute": .attribute, "attributes": .attribute, "tag": .tag, "tags": .tag],
        entityNamesShown: "('attribute', 'tag', 'tags')",
        rules: [
            .attribute: .named([
                "name": Field("name", .text),
                "experiment_id": Field("experiment_id", .digits),
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
    /// The operators that a value of this kind may follow; null tests are a matter of the entity.
    var operators: [ComparisonOperator] {
        switch self {
        case .double, .integerOrDouble, .integer, .integerOrDigits:
            [.equal, .notEqual, .greater, .greaterOrEqual, .less, .lessOrEqual]
        case .text: [.equal, .notEqual, .like, .ilike]
        case .textOrList, .anyText: [.equal, .notEqual, .like, .ilike, .isIn, .notIn]
        case .digits: [.equal, .notEqual, .isIn, .notIn]
        }
    }

    var acceptsLists: Bool {
        switch self {
        case .textOrList, .anyText, .digits: true
        case .double, .integerOrDouble, .integer, .integerOrDigits, .text: false
        }
    }
}
