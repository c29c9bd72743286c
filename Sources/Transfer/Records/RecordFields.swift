internal import JSON
internal import Tracking

/// The members of an object of a record.
///
/// Absent and null are the same; a member of a wrong type is an error that names it.
struct RecordFields {
    private let object: JSONValue
    /// The name of the object in messages.
    let name: String

    init(_ value: JSONValue, _ name: String) throws(TrackingError) {
        guard value.kind == .object else { throw .invalidParameter("'\(name)' is not an object") }
        object = value
        self.name = name
    }

    /// nil where it is absent or null.
    func member(_ key: String) -> JSONValue? {
        guard let value = object[key], !value.isNull else { return nil }
        return value
    }

    private func wrong(_ key: String, _ wanted: String) -> TrackingError {
        .invalidParameter("'\(name).\(key)' is not \(wanted)")
    }

    private func missing(_ key: String) -> TrackingError { .invalidParameter("'\(name).\(key)' is missing") }

    func optionalString(_ key: String) throws(TrackingError) -> String? {
        guard let value = member(key) else { return nil }
        guard let text = value.string else { throw wrong(key, "a string") }
        return text
    }

    func string(_ key: String) throws(TrackingError) -> String {
        guard let text = try optionalString(key) else { throw missing(key) }
        return text
    }

    /// An integer as a number, or in a string as in the answers of MLflow.
    func optionalInteger(_ key: String) throws(TrackingError) -> Int64? {
        guard let value = member(key) else { return nil }
        guard let number = value.int64 ?? value.string.flatMap({ Int64($0) }) else { throw wrong(key, "an integer") }
        return number
    }

    func integer(_ key: String) throws(TrackingError) -> Int64 {
        guard let number = try optionalInteger(key) else { throw missing(key) }
        return number
    }

    func number(_ key: String) throws(TrackingError) -> Double {
        guard let value = member(key) else { throw missing(key) }
        guard let number = value.transferredNumber else { throw wrong(key, "a number") }
        return number
    }

    /// One of the names of an enumeration; the standard where it is absent.
    func name<Value: WireEnumeration>(_ key: String, _ standard: Value) throws(TrackingError) -> Value {
        guard let text = try optionalString(key) else { return standard }
        guard let value = Value(wireName: text) else { throw wrong(key, "one of its names") }
        return value
    }

    func stage() throws(TrackingError) -> LifecycleStage {
        guard let text = try optionalString("lifecycle_stage") else { return .active }
        guard let stage = LifecycleStage(wireName: text) else { throw wrong("lifecycle_stage", "active or deleted") }
        return stage
    }

    func object(_ key: String) throws(TrackingError) -> RecordFields {
        guard let value = member(key) else { throw missing(key) }
        return try RecordFields(value, "\(name).\(key)")
    }

    /// The elements of an array of objects; none where it is absent.
    func objects(_ key: String) throws(TrackingError) -> [RecordFields] {
        guard let value = member(key) else { return [] }
        guard value.kind == .array else { throw wrong(key, "an array") }
        var all: [RecordFields] = []
        for element in value.elements { all.append(try RecordFields(element, "\(name).\(key)")) }
        return all
    }

    func tags(_ key: String) throws(TrackingError) -> [Tag] {
        var tags: [Tag] = []
        for pair in try objects(key) { tags.append(Tag(key: try pair.string("key"), value: try pair.string("value"))) }
        return tags
    }

    func home() throws(TrackingError) -> TransferredHome {
        let id = try optionalInteger("experiment_id") ?? Experiment.noID
        return TransferredHome(id: id, name: try string("experiment_name"))
    }

    /// Points as arrays of time, step and value.
    func points(_ key: String) throws(TrackingError) -> [MetricPoint] {
        guard let value = member(key), value.kind == .array else { throw wrong(key, "an array") }
        var points: [MetricPoint] = []
        points.reserveCapacity(value.count)
        for element in value.elements {
            var parts = element.elements
            guard element.count == 3, let timestamp = parts.next()?.int64, let step = parts.next()?.int64,
                let number = parts.next()?.transferredNumber
            else { throw wrong("\(key)[\(points.count)]", "[time, step, value]") }
            // The key is of no use for a point.
            points.append(MetricPoint(Metric(key: "", value: number, timestamp: timestamp, step: step)))
        }
        return points
    }
}

extension JSONValue {
    /// A number, also one that JSON cannot write; nil for all else.
    var transferredNumber: Double? {
        if let double { return double }
        return switch string {
        case "NaN": .nan
        case "Infinity": .infinity
        case "-Infinity": -.infinity
        default: nil
        }
    }
}
