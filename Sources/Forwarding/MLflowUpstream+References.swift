internal import Tracking
internal import TrackingStore

/// Finds the ids of runs and logged models in texts, written as `runs:/<id>` and `models:/<id>`.
enum ReferenceText {
    /// Replaces the id after each occurrence of a prefix.
    ///
    /// - Parameter replacement: returns the new id; nil to leave an id as it is.
    static func replacingIDs(
        in text: String,
        after prefix: String,
        _ replacement: (String) throws(UpstreamFailure) -> String?
    ) throws(UpstreamFailure) -> String {
        var result = ""
        var rest = text[...]
        while let range = rest.firstRange(of: prefix) {
            let id = String(rest[range.upperBound...].prefix { isOfID($0) })
            result += rest[..<range.upperBound]
            result += try replacement(id) ?? id
            rest = rest[range.upperBound...].dropFirst(id.count)
        }
        return result + rest
    }

    private static func isOfID(_ character: Character) -> Bool {
        character == "-" || (character.isASCII && (character.isLetter || character.isNumber))
    }

    /// The id of the logged model that a version's source names, as `models:/m-…` or as a folder
    /// `…/models/m-…/artifacts`; nil for other sources.
    static func modelID(ofSource source: String) -> String? {
        let isReference = source.hasPrefix("models:/")
        let prefix = isReference ? "models:/m-" : "/models/m-"
        guard let range = source.firstRange(of: prefix) else { return nil }
        let id = source[range.upperBound...].prefix { isOfID($0) }
        let rest = source[id.endIndex...]
        // A `models:/` URI with more parts names a version of a registered model.
        guard isReference ? rest.isEmpty : rest.hasPrefix("/artifacts") else { return nil }
        return "m-" + id
    }
}

extension MLflowUpstream {
    /// Replaces the ids of runs and models in a text with their ids at the upstream.
    ///
    /// An id that the upstream does not have stays as it is.
    ///
    /// - Parameters:
    ///   - ids: the upstream's ids of the items that are being sent, by their ids in this store.
    ///   - missing: receives the models of this store that the text names and that the upstream does not have.
    func translated(
        _ text: String,
        _ ids: [String: String],
        _ missing: inout [(id: String, willBeSent: Bool)]
    ) throws(UpstreamFailure) -> String {
        let named = try ReferenceText.replacingIDs(in: text, after: "runs:/") { id throws(UpstreamFailure) in
            if let remoteID = ids[id] { return remoteID }
            return try targets.targetID(ofRun: id)
        }
        var models: [(id: String, willBeSent: Bool)] = []
        defer { missing += models }
        return try ReferenceText.replacingIDs(in: named, after: "models:/") { id throws(UpstreamFailure) in
            if let remoteID = ids[id] { return remoteID }
            // Other ids are names of registered models.
            guard id.hasPrefix("m-") else { return nil }
            switch try targets.presence(ofModel: id) {
            case .present(let remoteID): return remoteID
            case .pending: models.append((id, true))
            case .withheld: models.append((id, false))
            case .foreign: break
            }
            return nil
        }
    }

    /// Replaces the ids of runs and models in the tags of a model or version with their ids at the upstream.
    func translated(_ tags: [Tag], _ ids: [String: String] = [:]) throws(UpstreamFailure) -> [Tag] {
        var result: [Tag] = []
        for tag in tags {
            // Missing models are ignored: models that name each other cannot wait for each other.
            var missing: [(id: String, willBeSent: Bool)] = []
            result.append(Tag(key: tag.key, value: try translated(tag.value, ids, &missing)))
        }
        return result
    }
}
