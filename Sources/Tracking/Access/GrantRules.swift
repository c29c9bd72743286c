package import Identities

extension Grant {
    /// Reads a grant in MLflow's terms: `resource_type`, `resource_pattern` and `permission`.
    ///
    /// - Throws: `.invalidParameterValue` for an unknown type or permission, a permission that the type does not have,
    ///   and a pattern other than `*` for a type whose grants apply to all resources.
    package init(type typeName: String, pattern: String, permission: String) throws(TrackingError) {
        guard let level = PermissionLevel(wireName: permission) else {
            let valid = PermissionLevel.allCases.map(\.wireName).joined(separator: ", ")
            throw .invalidParameter("Invalid permission '\(shortened(permission))'. Valid permissions are: \(valid).")
        }
        let type = try GrantedType(parsing: typeName)
        guard type.levels.contains(level) else {
            let valid = type.levels.map(\.wireName).joined(separator: ", ")
            throw .invalidParameter(
                "Invalid permission '\(permission)' for resource_type='\(typeName)'. Valid permissions are: \(valid)."
            )
        }
        try type.validate(pattern: pattern)
        self.init(type, pattern, level)
    }
}

extension GrantedType {
    /// Reads MLflow's name of a resource type.
    ///
    /// - Throws: `.invalidParameterValue` for any other name.
    package init(parsing name: String) throws(TrackingError) {
        guard let type = Self(rawValue: name) else {
            let valid = Self.allCases.map(\.rawValue).sorted().joined(separator: ", ")
            throw .invalidParameter("Invalid resource type '\(shortened(name))'. Valid resource types are: \(valid).")
        }
        self = type
    }

    /// The maximum number of characters in a pattern: the same as in the name of a registered model.
    private static let patternLimit = TrackingLimits.registeredModelNameLength

    /// - Throws: `.invalidParameterValue` if a grant of this type cannot have the pattern.
    package func validate(pattern: String) throws(TrackingError) {
        guard pattern.unicodeScalars.count <= Self.patternLimit else {
            throw .invalidParameter("A resource_pattern has at most \(Self.patternLimit) characters.")
        }
        guard pattern != Grant.everything, !allowsSingleObjects else { return }
        throw .invalidParameter(
            "Invalid resource_pattern '\(shortened(pattern))' for resource_type='\(rawValue)': grants of this type "
                + "apply to all resources, so the pattern must be '*'."
        )
    }
}

extension Grant {
    /// Throws for the name `*`, because a grant with the pattern `*` is for all entities.
    ///
    /// A client that creates an entity is granted MANAGE on its name, and would with this name get MANAGE on all entities.
    package static func requireNotWildcard(_ name: String) throws(TrackingError) {
        guard name == everything else { return }
        throw .invalidParameter(
            "'*' cannot be a name on this server, because in permissions it stands for everything. Choose another name."
        )
    }
}

extension TrackingError {
    /// The error for a request whose user was deleted after the request had been admitted.
    package static let userDeletedMeanwhile = TrackingError(
        .permissionDenied,
        "Permission denied: the user who sent this request was deleted in the meantime."
    )
}
