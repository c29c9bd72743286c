/// One version of a registered model.
package struct ModelVersion: Sendable, Equatable {
    package var name: String
    /// The number of the version: 1 for the first version of a model, and 1 more for each new one; never reused.
    package var version: Int64
    /// Unix milliseconds.
    package var creationTime: Int64
    /// Unix milliseconds.
    package var lastUpdatedTime: Int64
    package var stage: ModelStage
    package var description: String?
    /// The URI or path of the artifacts as the client sent it, or `models:/<name>/<version>` if it refers to another version.
    package var source: String
    /// The id of a run, which may not exist; empty if the client sent no run id.
    package var runID: String
    /// Empty if the client sent no link.
    package var runLink: String
    /// `ready` for each version that Apus has registered; an MLflow server that uses the same database may store another status.
    package var status = ModelVersionStatus.ready
    /// The description of an error during the registration; nil if there was none.
    package var statusMessage: String?
    /// The tags, in ascending order of key bytes.
    package var tags: [Tag] = []
    /// The aliases, in ascending order of their bytes; empty in lists of versions, as in MLflow.
    package var aliases: [String] = []

    package init(
        name: String,
        version: Int64,
        creationTime: Int64,
        lastUpdatedTime: Int64,
        stage: ModelStage,
        description: String?,
        source: String,
        runID: String,
        runLink: String
    ) {
        self.name = name
        self.version = version
        self.creationTime = creationTime
        self.lastUpdatedTime = lastUpdatedTime
        self.stage = stage
        self.description = description
        self.source = source
        self.runID = runID
        self.runLink = runLink
    }
}

/// The model name and version number by which a request identifies a version.
package struct ModelVersionKey: Sendable, Equatable {
    package let name: String
    /// The version number; nil if the requested number is too large for any version.
    package let version: Int64?
    /// The version number as messages show it.
    private let shownVersion: String

    /// - Throws: `.invalidParameterValue` for a name that no model can have or a version that is not a number.
    package init(name: String, version: String) throws(TrackingError) {
        try validateModelName(name)
        self.name = name
        self.version = try parseModelVersion(version)
        shownVersion = self.version.map { String($0) } ?? version
    }

    /// The error if the version, or the model, does not exist.
    package var notFound: TrackingError { .modelVersionNotFound(name, shownVersion) }
}

/// The state of a model version's registration (`ModelVersionStatus` in MLflow's `model_registry.proto`), with its name in JSON.
package enum ModelVersionStatus: String, Sendable {
    case pending = "PENDING_REGISTRATION"
    case failed = "FAILED_REGISTRATION"
    case ready = "READY"
}

/// The stage of a model version (`model_version_stages.py`).
package enum ModelStage: Int64, Sendable, CaseIterable {
    case none = 0
    case staging = 1
    case production = 2
    case archived = 3

    /// The name in JSON.
    package var wireName: String {
        switch self {
        case .none: "None"
        case .staging: "Staging"
        case .production: "Production"
        case .archived: "Archived"
        }
    }

    /// Whether versions in this stage are in use.
    ///
    /// Only a move to such a stage can archive the other versions in the stage.
    package var isActive: Bool { self == .staging || self == .production }

    /// Parses the name of a stage, in upper or lower case.
    ///
    /// - Throws: `.invalidParameterValue` for any other text; the message lists the legal names.
    package init(parsing text: String) throws(TrackingError) {
        let folded = text.lowercased()
        guard let stage = Self.allCases.first(where: { $0.wireName.lowercased().isExactly(folded) }) else {
            let names = Self.allCases.map(\.wireName).joined(separator: ", ")
            throw .invalidParameter("Invalid Model Version stage: \(shortened(text)). Value must be one of \(names).")
        }
        self = stage
    }
}

extension ModelVersion {
    /// Returns the JSON list with this version appended, in the form that Python writes and clients read.
    ///
    /// - Parameter list: a JSON array; nil stands for an empty one.
    package func appended(toList list: String?) -> String {
        jsonList(list, appending: "{\"name\": \(asciiJSON(name)), \"version\": \(version)}")
    }
}
