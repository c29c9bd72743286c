internal import JSON
internal import Tracking

/// Reads the members of a JSON object, such as a record of an archive or an answer of an MLflow server.
///
/// A member that is null counts as absent. A member of a wrong type is an error whose message has the member's name.
struct RecordFields {
    private let object: JSONValue
    /// The path of the object in messages, such as `run.info`.
    let path: String

    init(_ value: JSONValue, _ path: String) throws(TrackingError) {
        guard value.kind == .object else { throw .invalidParameter("'\(path)' is not an object") }
        object = value
        self.path = path
    }

    /// The member; nil if it is absent or null.
    func member(_ key: String) -> JSONValue? {
        guard let value = object[key], !value.isNull else { return nil }
        return value
    }

    private func wrongType(_ key: String, _ expected: String) -> TrackingError {
        .invalidParameter("'\(path).\(key)' is not \(expected)")
    }

    private func missing(_ key: String) -> TrackingError { .invalidParameter("'\(path).\(key)' is missing") }

    func optionalString(_ key: String) throws(TrackingError) -> String? {
        guard let value = member(key) else { return nil }
        guard let text = value.string else { throw wrongType(key, "a string") }
        return text
    }

    func string(_ key: String) throws(TrackingError) -> String {
        guard let text = try optionalString(key) else { throw missing(key) }
        return text
    }

    /// An integer, written as a number or, as MLflow does, as a string; nil if the member is absent.
    func optionalInteger(_ key: String) throws(TrackingError) -> Int64? {
        guard let value = member(key) else { return nil }
        guard let number = value.int64 ?? value.string.flatMap({ Int64($0) }) else {
            throw wrongType(key, "an integer")
        }
        return number
    }

    func integer(_ key: String) throws(TrackingError) -> Int64 {
        guard let number = try optionalInteger(key) else { throw missing(key) }
        return number
    }

    func number(_ key: String) throws(TrackingError) -> Double {
        guard let value = member(key) else { throw missing(key) }
        guard let number = value.numberOrNonFinite else { throw wrongType(key, "a number") }
        return number
    }

    /// The enumeration value that a member names; `defaultValue` if the member is absent.
    func enumeration<Value: WireEnumeration>(
        _ key: String,
        default defaultValue: Value
    ) throws(TrackingError) -> Value {
        guard let text = try optionalString(key) else { return defaultValue }
        guard let value = Value(wireName: text) else {
            throw wrongType(key, "one of \(Value.allCases.map(\.wireName).joined(separator: ", "))")
        }
        return value
    }

    func lifecycleStage() throws(TrackingError) -> LifecycleStage {
        guard let text = try optionalString("lifecycle_stage") else { return .active }
        guard let stage = LifecycleStage(wireName: text) else {
            throw wrongType("lifecycle_stage", "active or deleted")
        }
        return stage
    }

    func object(_ key: String) throws(TrackingError) -> RecordFields {
        guard let value = member(key) else { throw missing(key) }
        return try RecordFields(value, "\(path).\(key)")
    }

    /// The elements of an array of objects; empty if the member is absent.
    func objects(_ key: String) throws(TrackingError) -> [RecordFields] {
        guard let value = member(key) else { return [] }
        guard value.kind == .array else { throw wrongType(key, "an array") }
        var all: [RecordFields] = []
        for element in value.elements { all.append(try RecordFields(element, "\(path).\(key)")) }
        return all
    }

    func tags(_ key: String) throws(TrackingError) -> [Tag] {
        var tags: [Tag] = []
        for pair in try objects(key) { tags.append(Tag(key: try pair.string("key"), value: try pair.string("value"))) }
        return tags
    }

    func sourceExperiment() throws(TrackingError) -> SourceExperiment {
        let id = try optionalInteger("experiment_id") ?? Experiment.noID
        return SourceExperiment(
            id: id,
            name: try string("experiment_name"),
            creationTime: try optionalInteger("experiment_creation_time")
        )
    }

    /// What identifies the run to which the points of a metric belong; nil if the record has no `start_time`.
    func runIdentity() throws(TrackingError) -> RunIdentity? {
        guard member("start_time") != nil else { return nil }
        return RunIdentity(
            experiment: try sourceExperiment(),
            startTime: try integer("start_time"),
            userID: try optionalString("user_id") ?? ""
        )
    }

    /// What identifies the logged model to which the points of a metric belong; nil if the record has no `creation_time`.
    func loggedModelIdentity() throws(TrackingError) -> LoggedModelIdentity? {
        guard member("creation_time") != nil else { return nil }
        return LoggedModelIdentity(experiment: try sourceExperiment(), creationTime: try integer("creation_time"))
    }

    /// Points, each of which is an array of time, step and value.
    func points(_ key: String) throws(TrackingError) -> [MetricPoint] {
        guard let value = member(key), value.kind == .array else { throw wrongType(key, "an array") }
        var points: [MetricPoint] = []
        points.reserveCapacity(value.count)
        for element in value.elements {
            var parts = element.elements
            guard element.count == 3, let timestamp = parts.next()?.int64, let step = parts.next()?.int64,
                let number = parts.next()?.numberOrNonFinite
            else { throw wrongType("\(key)[\(points.count)]", "[time, step, value]") }
            // The key is left empty, because `MetricPoint` does not keep it.
            points.append(MetricPoint(Metric(key: "", value: number, timestamp: timestamp, step: step)))
        }
        return points
    }
}

extension JSONValue {
    /// The number, which may also be one of the strings `NaN`, `Infinity` and `-Infinity`; nil for any other value.
    var numberOrNonFinite: Double? {
        if let double { return double }
        return switch string {
        case "NaN": .nan
        case "Infinity": .infinity
        case "-Infinity": -.infinity
        default: nil
        }
    }
}
