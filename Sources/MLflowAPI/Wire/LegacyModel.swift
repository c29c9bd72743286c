internal import JSON
internal import Tracking

/// A model that a client before MLflow 3 logs by `runs/log-model`.
///
/// The server stores the model in a tag of the run.
struct LegacyModel {
    /// The JSON object for the model, which becomes an element of the list in the run's tag.
    let tagText: String

    /// - Throws: `.invalidParameterValue` for a text that is not a JSON object or lacks a mandatory field.
    init(json: String) throws(TrackingError) {
        guard let document = try? JSONDocument(parsing: Array(json.utf8)), document.root.kind == .object else {
            throw .invalidParameter("Malformed model info. \n \(json) \n is not a valid JSON.")
        }
        let model = document.root
        let mandatory = ["artifact_path", "flavors", "utc_time_created", "run_id"]
        let missing = mandatory.filter { model[$0] == nil }
        guard missing.isEmpty else {
            let names = missing.map { "'\($0)'" }.joined(separator: ", ")
            throw .invalidParameter("Model json is missing mandatory fields: {\(names)}")
        }
        let storedKeys = ["run_id", "artifact_path", "utc_time_created", "model_uuid", "flavors"]
        let members = storedKeys.map { "\"\($0)\": \(Self.text(of: model[$0], named: $0))" }
        tagText = "{" + members.joined(separator: ", ") + "}"
    }

    /// Returns the JSON of a value; as in MLflow, the member `config` of each flavor is left out.
    private static func text(of value: JSONValue?, named name: String) -> String {
        guard let value else { return "null" }
        guard name == "flavors", value.kind == .object else { return value.text }
        let flavors = value.members.map { flavor in
            guard flavor.value.kind == .object else { return "\(quotedJSON(flavor.key)): \(flavor.value.text)" }
            let members = flavor.value.members.filter { $0.key != "config" }
            let inner = members.map { "\(quotedJSON($0.key)): \($0.value.text)" }.joined(separator: ", ")
            return "\(quotedJSON(flavor.key)): {\(inner)}"
        }
        return "{" + flavors.joined(separator: ", ") + "}"
    }
}
