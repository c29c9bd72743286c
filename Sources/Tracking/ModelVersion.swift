/// One version of a registered model.
package struct ModelVersion: Sendable, Equatable {
    package var name: String
    /// From 1 on; consecutive, never given twice.
    package var version: Int64
    /// Unix milliseconds.
    package var creationTime: Int64
    /// Unix milliseconds.
    package var lastUpdatedTime: Int64
    package var stage: ModelStage
    package var description: String?
    /// Where the client said that the artifacts come from; text for the client.
    package var source: String
    /// Empty when the client named none; the run need not exist.
    package var runID: String
    /// Empty when the client named none.
    package var runLink: String
    /// In ascending order of key bytes.
    package var tags: [Tag] = []
    /// In ascending order of alias bytes; empty in listings, as in the reference.
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

/// By what a request names a version of a model.
package struct ModelVersionKey: Sendable, Equatable {
    package let name: String
    /// nil for a number that is too large for any version.
    package let version: Int64?
    private let text: String

    /// - Throws: `.invalidParameterValue` for a name that no model can have and for a version that is no number.
    package init(name: String, version: String) throws(TrackingError) {
        try validateModelName(name)
        self.name = name
        self.version = try parseModelVersion(version)
        text = self.version.map { String($0) } ?? version
    }

    /// The model has no such version, or there is no such model.
    package var notFound: TrackingError { .modelVersionNotFound(name, text) }
}

/// Where a version stands on its way to its users (`model_version_stages.py`).
package enum ModelStage: Int64, Sendable, CaseIterable {
    case none = 0
    case staging = 1
    case production = 2
    case archived = 3

    /// The name on the wire.
    package var wireName: String {
        switch self {
        case .none: "None"
        case .staging: "Staging"
        case .production: "Production"
        case .archived: "Archived"
        }
    }

    /// Whether versions are in use in the stage; only out of such a stage others are archived.
    package var isActive: Bool { self == .staging || self == .production }

    /// Reads a stage in any case of its letters.
    ///
    /// - Throws: `.invalidParameterValue` for any other text; the message has the legal ones.
    package init(parsing text: String) throws(TrackingError) {
        let folded = text.lowercased()
        guard let stage = Self.allCases.first(where: { $0.wireName.lowercased().isExactly(folded) }) else {
            let names = Self.allCases.map(\.wireName).joined(separator: ", ")
            throw .invalidParameter(
                "Invalid Model Version stage: \(shortened(text)). Value must be one of \(names)."
            )
        }
        self = stage
    }
}

extension ModelVersion {
    /// A JSON list of versions with this one at its end, as Python writes it and clients read it.
    ///
    /// - Parameter list: a JSON array; nil for none yet.
    package func appended(toList list: String?) -> String {
        jsonList(list, appending: "{\"name\": \(asciiJSON(name)), \"version\": \(version)}")
    }
}
