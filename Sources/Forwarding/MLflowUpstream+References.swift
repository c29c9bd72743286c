internal import Tracking
internal import TrackingStore

/// Texts that name runs and logged models by `runs:/<id>` and `models:/<id>`.
enum ReferenceText {
    /// A text with other ids behind each `mark`.
    ///
    /// - Parameter replacement: the other id; nil for one that stays.
    static func replacingIDs(
        in text: String,
        behind mark: String,
        _ replacement: (String) throws(UpstreamFailure) -> String?
    ) throws(UpstreamFailure) -> String {
        var result = ""
        var rest = text[...]
        while let range = rest.firstRange(of: mark) {
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

    /// The id of the logged model that is the source of a version: `models:/m-…`, or a folder `…/models/m-…/artifacts`.
    static func modelID(ofSource source: String) -> String? {
        let isReference = source.hasPrefix("models:/")
        let mark = isReference ? "models:/m-" : "/models/m-"
        guard let range = source.firstRange(of: mark) else { return nil }
        let id = source[range.upperBound...].prefix { isOfID($0) }
        let rest = source[id.endIndex...]
        // What has more parts names a version of a registered model.
        guard isReference ? rest.isEmpty : rest.hasPrefix("/artifacts") else { return nil }
        return "m-" + id
    }
}

extension MLflowUpstream {
    /// A text with the ids that the runs and models which it names have there.
    ///
    /// What is not there, and is not sent either, keeps its id.
    ///
    /// - Parameters:
    ///   - ids: those there of what is being sent, by the ids here.
    ///   - missing: gets the models that the text names and that are not there.
    func translated(
        _ text: String,
        _ ids: [String: String],
        _ missing: inout [(id: String, isComing: Bool)]
    ) throws(UpstreamFailure) -> String {
        let named = try ReferenceText.replacingIDs(in: text, behind: "runs:/") { id throws(UpstreamFailure) in
            if let target = ids[id] { return target }
            return try targets.run(id)
        }
        var models: [(id: String, isComing: Bool)] = []
        defer { missing += models }
        return try ReferenceText.replacingIDs(in: named, behind: "models:/") { id throws(UpstreamFailure) in
            if let target = ids[id] { return target }
            // The others are names of registered models.
            guard id.hasPrefix("m-") else { return nil }
            switch try targets.model(id) {
            case .there(let target): return target
            case .coming: models.append((id, true))
            case .left: models.append((id, false))
            case .foreign: break
            }
            return nil
        }
    }

    /// Tags of a model or version with the ids there.
    func translated(_ tags: [Tag], _ ids: [String: String] = [:]) throws(UpstreamFailure) -> [Tag] {
        var result: [Tag] = []
        for tag in tags {
            // Models that name each other cannot wait for each other.
            var missing: [(id: String, isComing: Bool)] = []
            result.append(Tag(key: tag.key, value: try translated(tag.value, ids, &missing)))
        }
        return result
    }
}
