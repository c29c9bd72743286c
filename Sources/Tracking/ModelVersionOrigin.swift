/// The origin of a new model version: its source, run and logged model.
///
/// Its functions check whether the source belongs to the run or model that the request names.
package struct ModelVersionOrigin: Sendable, Equatable {
    /// The source to store: as the client sent it, or `models:/<name>/<version>` if the source is another version.
    package private(set) var source: String
    /// The location of the artifacts; nil if it is the source itself.
    package private(set) var location: String?
    /// The id of the run, never empty; nil if the client sent no run id.
    package private(set) var runID: String?
    /// The id of the logged model, never empty; nil if the client sent no model id.
    package private(set) var modelID: String?
    /// The logged model that the source refers to; nil for other sources.
    private var locatedModelID: String?
    private let isPrompt: Bool

    package init(_ new: NewModelVersion, _ source: ModelVersionSource) {
        self.source = source.text
        runID = new.runID.flatMap { $0.isEmpty ? nil : $0 }
        modelID = new.modelID.flatMap { $0.isEmpty ? nil : $0 }
        isPrompt = new.tags.belongToPrompt
    }

    /// The logged model whose run becomes the version's run; nil if the request names a run, or if no model is known.
    package var modelIDProvidingRun: String? { runID == nil ? locatedModelID ?? modelID : nil }

    /// The logged model whose tag must list the new version; nil if there is none.
    package var modelIDListingVersion: String? { isPrompt ? nil : modelID }
}

/// The artifact folder of the logged model that the request names or, if it names none, of the run.
package enum NamedFolder: Sendable, Equatable {
    /// The request names neither a logged model nor a run, or the check of this source does not need a folder.
    case notNamed
    /// The model or run does not exist, or the model is deleted.
    case missing
    case found(String)
}

extension ModelVersionOrigin {
    /// Throws if the source is not inside the run or logged model that the request names.
    ///
    /// - Parameters:
    ///   - folder: only used for local and proxied sources.
    ///   - workingDirectory: the folder that a relative path starts from.
    /// - Throws: `.invalidParameterValue`.
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
                throw source.notContained(inResourceOf: parameter)
            }
        case .run(let id):
            guard modelID == nil, let runID, runID.isExactly(id) else {
                throw source.notContained(inResourceOf: parameter)
            }
        case .loggedModel(let id):
            guard let modelID, modelID.isExactly(id) else { throw source.notContained(inResourceOf: "model_id") }
        }
    }

    /// The request parameter to name in messages.
    private var parameter: String { modelID == nil ? "run_id" : "model_id" }

    private func requireLocalPath(
        _ path: String,
        of source: ModelVersionSource,
        in folder: NamedFolder,
        workingDirectory: String
    ) throws(TrackingError) {
        switch folder {
        case .missing: throw source.notContained(inResourceOf: parameter)
        case .notNamed: throw source.localPathNotContained(inFolderOf: parameter, resolvedPath: nil)
        case .found(let root):
            guard ModelVersionSource.isLocal(root) else {
                throw source.localPathNotContained(inFolderOf: parameter, resolvedPath: path)
            }
            let folder = ModelVersionSource.absoluteLocalPath(of: root, workingDirectory: workingDirectory)
            guard ModelVersionSource.isLocalPath(path, within: folder) else {
                throw source.localPathNotContained(inFolderOf: parameter, resolvedPath: path)
            }
        }
    }

    /// Returns the origin for a source that is a logged model.
    package func resolved(toLoggedModel modelID: String, at artifactURI: String) -> ModelVersionOrigin {
        var origin = self
        origin.location = artifactURI
        origin.locatedModelID = modelID
        return origin
    }

    /// Returns the origin for a source that is another model version.
    ///
    /// - Parameters:
    ///   - location: the location of the other version's artifacts.
    ///   - requestedRunID: as the client sent it; may be empty.
    /// - Throws: `.invalidParameterValue` if the request names a logged model, or a run other than that version's.
    package func resolved(
        toVersion version: ModelVersion,
        at location: String,
        from source: ModelVersionSource,
        requestedRunID: String?
    ) throws(TrackingError) -> ModelVersionOrigin {
        // MLflow's store keeps no model id with a version, so a request that names a model id never matches.
        guard requestedRunID.map({ $0.isExactly(version.runID) }) ?? true, modelID == nil else {
            throw source.originMismatch
        }
        var origin = self
        origin.source = "models:/\(version.name)/\(version.version)"
        try ModelVersionSource.requireAbsolutePath(origin.source)
        origin.location = location
        origin.runID = version.runID.isEmpty ? nil : version.runID
        return origin
    }
}
