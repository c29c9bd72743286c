/// What setting a tag changes of a run.
package enum RunTagEffect: Sendable, Equatable {
    /// The tag alone.
    case tag
    /// The name of the run, and the tag that carries it.
    case name
    /// Nothing: as in the reference, an empty name is no name.
    case nothing
}

extension Tag {
    /// What setting this tag changes of a run.
    package var effectOnRun: RunTagEffect {
        guard key.isExactly(Self.runNameKey) else { return .tag }
        return value.isEmpty ? .nothing : .name
    }

    /// The tag by which older clients find the models of a run, with one more model in its JSON list.
    ///
    /// - Parameters:
    ///   - model: a JSON object.
    ///   - stored: the present value of the tag; nil when the run has no such tag.
    /// - Throws: `.invalidParameterValue` when the stored value is no list, and when the new one is too long.
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

/// A JSON list with one more element at its end; the other elements stay as they are written.
///
/// - Parameter list: a JSON array; nil for none yet.
func jsonList(_ list: String?, appending element: String) -> String {
    let bytes = (list ?? "[]").utf8
    guard let end = bytes.lastIndex(of: UInt8(ascii: "]")) else { return "[\(element)]" }
    let elements = String(decoding: bytes[..<end].drop { $0 != UInt8(ascii: "[") }.dropFirst(), as: UTF8.self)
    return elements.contains { !$0.isWhitespace } ? "[\(elements), \(element)]" : "[\(element)]"
}

/// A param of which the run holds another value already; a param is never changed.
package struct ParamConflict: Sendable, Equatable {
    package let param: Param
    package let storedValue: String

    /// nil when the same value is logged again, which is no change.
    package init?(_ param: Param, storedValue: String) {
        guard !storedValue.isExactly(param.value) else { return nil }
        self.param = param
        self.storedValue = storedValue
    }

    /// The refusal of a request that logs this param alone.
    package func refusal(runID: String) -> TrackingError {
        .invalidParameter(
            "Changing param values is not allowed. Param with key='\(param.key)' was already logged with "
                + "value='\(storedValue)' for run ID='\(runID)'. Attempted logging new value '\(param.value)'."
        )
    }

    /// Refuses a batch in which there is a conflict; the message names all of them.
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
