/// Where a new version comes from: its source, checked against what the request names and what the store knows of it.
package struct ModelVersionOrigin: Sendable, Equatable {
    /// What is stored as the source: as the client sent it, or `models:/<name>/<version>` with a number.
    package private(set) var source: String
    /// Where the artifacts lie; nil where that is the source.
    package private(set) var location: String?
    /// nil when the client named none; never empty.
    package private(set) var runID: String?
    /// The logged model that the client named; never empty.
    package private(set) var modelID: String?
    /// The logged model that the source is.
    private var locatedModelID: String?
    private let isPrompt: Bool

    package init(_ new: NewModelVersion, _ source: ModelVersionSource) {
        self.source = source.text
        runID = new.runID.flatMap { $0.isEmpty ? nil : $0 }
        modelID = new.modelID.flatMap { $0.isEmpty ? nil : $0 }
        isPrompt = new.tags.areOfPrompt
    }

    /// The logged model whose run counts as the run of the version; nil where the run is known, or there is none.
    package var modelWithRun: String? { runID == nil ? locatedModelID ?? modelID : nil }

    /// The logged model that lists the version among those that were registered from it.
    package var listingModelID: String? { isPrompt ? nil : modelID }
}

/// The artifact folder of what a request names as the origin of a version: the logged model, else the run.
package enum NamedFolder: Sendable, Equatable {
    /// The request names neither.
    case notNamed
    /// There is no such model or run, or the model is deleted.
    case missing
    case found(String)
}

extension ModelVersionOrigin {
    /// Refuses a source that does not lie in the run or logged model that the request names.
    ///
    /// - Parameters:
    ///   - folder: looked at for local and proxied sources alone.
    ///   - workingDirectory: against which a relative folder is meant.
    /// - Throws: `.invalidParameterValue`
    package func requireContained(
        _ source: ModelVersionSource,
        in folder: NamedFolder,
        workingDirectory: String
    ) throws(TrackingError) {
        switch source.kind {
        case .placeholder, .elsewhere, .registeredModel: return
        case .local(let path):
            try requireLocalPath(path, of: source, in: folder, workingDirectory: workingDirectory)
        case .proxied:
            guard case .found(let root) = folder, ModelVersionSource.isURI(source.text, within: root) else {
                throw source.notContained(in: parameter)
            }
        case .run(let id):
            guard modelID == nil, let runID, runID.isExactly(id) else { throw source.notContained(in: parameter) }
        case .loggedModel(let id):
            guard let modelID, modelID.isExactly(id) else { throw source.notContained(in: "model_id") }
        }
    }

    /// The parameter that decides: the model when there is one, else the run.
    private var parameter: String { modelID == nil ? "run_id" : "model_id" }

    private func requireLocalPath(
        _ path: String,
        of source: ModelVersionSource,
        in folder: NamedFolder,
        workingDirectory: String
    ) throws(TrackingError) {
        switch folder {
        case .missing: throw source.notContained(in: parameter)
        case .notNamed: throw source.notLocal(to: parameter, resolvedPath: nil)
        case .found(let root):
            guard ModelVersionSource.isLocal(root) else { throw source.notLocal(to: parameter, resolvedPath: path) }
            let folder = ModelVersionSource.absoluteLocalPath(of: root, workingDirectory: workingDirectory)
            guard ModelVersionSource.isLocalPath(path, within: folder) else {
                throw source.notLocal(to: parameter, resolvedPath: path)
            }
        }
    }

    /// The origin of a version whose source is a logged model.
    package func located(inModel modelID: String, at artifactURI: String) -> ModelVersionOrigin {
        var origin = self
        origin.location = artifactURI
        origin.locatedModelID = modelID
        return origin
    }

    /// The origin of a version that comes from another version in the registry.
    ///
    /// - Parameters:
    ///   - requestedRunID: as the client sent it, an empty text included.
    ///   - location: where the artifacts of the other version lie.
    /// - Throws: `.invalidParameterValue` when the request names another run than that version, or a logged model.
    package func following(
        _ version: ModelVersion,
        at location: String,
        from source: ModelVersionSource,
        requestedRunID: String?
    ) throws(TrackingError) -> ModelVersionOrigin {
        // The store of the reference keeps no model id with a version, so that a request that names one never matches.
        guard requestedRunID.map({ $0.isExactly(version.runID) }) ?? true, modelID == nil else {
            throw source.mismatched
        }
        var origin = self
        origin.source = "models:/\(version.name)/\(version.version)"
        try ModelVersionSource.requireAbsolutePath(origin.source)
        origin.location = location
        origin.runID = version.runID.isEmpty ? nil : version.runID
        return origin
    }
}
