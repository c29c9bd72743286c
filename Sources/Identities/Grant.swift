/// The kinds of objects for which grants are made; the raw values are MLflow's names.
///
/// Apus serves only some of them. It stores grants for all of them, because scripts that set up an MLflow server make them.
package enum GrantedType: String, Sendable, CaseIterable {
    case experiment, prompt, scorer, run, trace, assessment, workspace
    case registeredModel = "registered_model"
    case gatewaySecret = "gateway_secret"
    case gatewayEndpoint = "gateway_endpoint"
    case gatewayModelDefinition = "gateway_model_definition"
    case toolServer = "mcp_server"
    case loggedModel = "logged_model"
    case reviewQueue = "review_queue"
    case registeredModelVersion = "registered_model_version"
    case promptVersion = "prompt_version"
    case scorerVersion = "scorer_version"
    case toolServerVersion = "mcp_server_version"

    /// Whether a grant may name a single object; grants of the other types are for all objects of the type.
    package var allowsSingleObjects: Bool {
        switch self {
        case .experiment, .registeredModel, .prompt, .scorer, .gatewaySecret, .gatewayEndpoint, .gatewayModelDefinition,
            .toolServer:
            true
        case .run, .trace, .assessment, .workspace, .loggedModel, .reviewQueue, .registeredModelVersion, .promptVersion,
            .scorerVersion, .toolServerVersion:
            false
        }
    }

    /// The levels that a grant may have.
    package var levels: [PermissionLevel] {
        self == .workspace ? [.use, .manage] : [.read, .use, .edit, .manage, .denied]
    }
}

/// The permission of a role for one object, or for all objects of a type.
package struct Grant: Sendable, Equatable {
    /// The pattern of a grant for all objects of its type.
    package static let everything = "*"

    package var type: GrantedType
    /// The id of an experiment, the name of a model, or `*`.
    package var pattern: String
    package var level: PermissionLevel

    package init(_ type: GrantedType, _ pattern: String, _ level: PermissionLevel) {
        self.type = type
        self.pattern = pattern
        self.level = level
    }
}
