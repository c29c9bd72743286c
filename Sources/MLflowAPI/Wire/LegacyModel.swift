internal import JSON
internal import Tracking

/// A model as clients before MLflow 3 record it with `runs/log-model`: a JSON text that ends up in a tag of the run.
struct LegacyModel {
    /// What the tag keeps of the model, as one element of a JSON list.
    let tagText: String

    /// - Throws: `.invalidParameterValue` for a text that is no JSON object or lacks a mandatory field.
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
        let kept = ["run_id", "artifact_path", "utc_time_created", "model_uuid", "flavors"]
        tagText = "{" + kept.map { "\"\($0)\": \(Self.text(of: model[$0], named: $0))" }.joined(separator: ", ") + "}"
    }

    /// A flavor keeps what identifies it; its configuration stays out of the tag, as in the reference.
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
