/// What changes in a run when one of its tags is set.
package enum RunTagEffect: Sendable, Equatable {
    /// Only the tag changes.
    case tag
    /// The tag and the name of the run change.
    case name
    /// Nothing changes, because MLflow ignores an empty run name.
    case nothing
}

extension Tag {
    /// What changes in a run when this tag of it is set.
    package var effectOnRun: RunTagEffect {
        guard key.isExactly(Self.runNameKey) else { return .tag }
        return value.isEmpty ? .nothing : .name
    }

    /// Returns the tag that lists a run's models for older clients, with one more model in its JSON list.
    ///
    /// - Parameters:
    ///   - model: a JSON object.
    ///   - stored: the current value of the tag; nil if the run has no such tag.
    /// - Throws: `.invalidParameterValue` if the current value is not a list or the new value is too long.
    package static func loggedModels(
        adding model: String,
        to stored: String?,
        runID: String
    ) throws(TrackingError) -> Tag {
        if let stored, !stored.hasPrefix("[") || !stored.hasSuffix("]") {
            throw .invalidParameter(
                "The tag '\(loggedModelsKey)' of run \(runID) is not a JSON list; delete it and log the model again."
            )
        }
        let tag = Tag(key: loggedModelsKey, value: jsonList(stored, appending: model))
        return try validatedTag(tag, longValues: .refuse)
    }
}

/// Appends an element to a JSON list; the text of the other elements does not change.
///
/// - Parameter list: a JSON array; nil stands for an empty one.
func jsonList(_ list: String?, appending element: String) -> String {
    let bytes = (list ?? "[]").utf8
    guard let end = bytes.lastIndex(of: UInt8(ascii: "]")) else { return "[\(element)]" }
    let elements = String(decoding: bytes[..<end].drop { $0 != UInt8(ascii: "[") }.dropFirst(), as: UTF8.self)
    return elements.contains { !$0.isWhitespace } ? "[\(elements), \(element)]" : "[\(element)]"
}

/// An attempt to change the value of a param, which is not allowed.
package struct ParamConflict: Sendable, Equatable {
    package let param: Param
    package let storedValue: String

    /// Returns nil if the stored value is the same, because logging the same value again changes nothing.
    package init?(_ param: Param, storedValue: String) {
        guard !storedValue.isExactly(param.value) else { return nil }
        self.param = param
        self.storedValue = storedValue
    }

    /// The error for a request that logs only this param.
    package func refusal(runID: String) -> TrackingError {
        .invalidParameter(
            "Changing param values is not allowed. Param with key='\(param.key)' was already logged with "
                + "value='\(storedValue)' for run ID='\(runID)'. Attempted logging new value '\(param.value)'."
        )
    }

    /// Throws `.invalidParameterValue` if there are conflicts; the message lists all of them.
    package static func refuse(_ conflicts: [ParamConflict], runID: String) throws(TrackingError) {
        guard !conflicts.isEmpty else { return }
        let shown = conflicts.map { conflict in
            let values = [conflict.param.key, conflict.storedValue, conflict.param.value].map(pythonLiteral)
            return "{'key': \(values[0]), 'old_value': \(values[1]), 'new_value': \(values[2])}"
        }
        throw .invalidParameter(
            "Changing param values is not allowed. Params were already logged='[\(shown.joined(separator: ", "))]' "
                + "for run ID='\(runID)'."
        )
    }
}
