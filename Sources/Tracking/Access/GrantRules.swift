package import Identities

extension Grant {
    /// Reads a grant by MLflow's words.
    ///
    /// - Throws: `.invalidParameterValue` for an unknown word, a level that the type does not take, and a pattern other than `*`
    ///   for a type whose things have no grants of their own.
    package init(type typeName: String, pattern: String, permission: String) throws(TrackingError) {
        guard let level = PermissionLevel(wireName: permission) else {
            let known = PermissionLevel.allCases.map(\.wireName).joined(separator: ", ")
            throw .invalidParameter("Invalid permission '\(shortened(permission))'. Valid permissions are: \(known).")
        }
        let type = try GrantedType(parsing: typeName)
        guard type.levels.contains(level) else {
            let known = type.levels.map(\.wireName).joined(separator: ", ")
            throw .invalidParameter(
                "Invalid permission '\(permission)' for resource_type='\(typeName)', which takes: \(known)."
            )
        }
        try type.validate(pattern: pattern)
        self.init(type, pattern, level)
    }
}

extension GrantedType {
    /// - Throws: `.invalidParameterValue` for a word that is none.
    package init(parsing name: String) throws(TrackingError) {
        guard let type = Self(rawValue: name) else {
            let known = Self.allCases.map(\.rawValue).sorted().joined(separator: ", ")
            throw .invalidParameter("Invalid resource type '\(shortened(name))'. Valid resource types are: \(known).")
        }
        self = type
    }

    /// The most characters of what a grant is for: the longest name of a model.
    private static let patternLimit = TrackingLimits.registeredModelNameLength

    /// - Throws: `.invalidParameterValue` if grants of this type cannot be for such a pattern.
    package func validate(pattern: String) throws(TrackingError) {
        guard pattern.unicodeScalars.count <= Self.patternLimit else {
            throw .invalidParameter("What a grant is for has up to \(Self.patternLimit) characters.")
        }
        guard pattern != Grant.everything, !takesIDs else { return }
        throw .invalidParameter(
            "Invalid resource_pattern '\(shortened(pattern))' for resource_type='\(rawValue)': grants of this type are for all "
                + "things, '*'."
        )
    }
}
