internal import ArtifactStore
internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import JSON
internal import Tracking

extension MLflowAPI {
    var loggedModelArtifactEndpoints: [[Endpoint]] {
        let list = "logged-models/{model_id}/artifacts/directories"
        let file = "2.0/mlflow/logged-models/{model_id}/artifacts/files"
        return [
            endpoint(.get, .tracking, list, .lookUp(.loggedModel), handler: .blocking(listLoggedModelArtifacts)),
            endpoint(.get, .pages, file, .lookUp(.loggedModel), handler: .blocking(getLoggedModelArtifact)),
        ]
    }

    private func listLoggedModelArtifacts(_ request: HTTPRequest, _ responder: HTTPResponder) {
        let text = request.queryValue("artifact_directory_path") ?? ""
        answer(responder, path: text) {
            let path = try ArtifactPath(text)
            let (model, folder) = try loggedModelFolder(request)
            let entries = try folder.store.list(path, relativeTo: folder.base)
            return .jsonObject { writer in
                writer.member("root_uri", model.artifactURI)
                writer.write(entries)
            }
        }
    }

    private func getLoggedModelArtifact(_ request: HTTPRequest, _ responder: HTTPResponder) {
        let text = request.queryValue("artifact_file_path") ?? ""
        answer(responder, path: text) {
            guard !text.isEmpty else {
                throw TrackingError(.badRequest, "Request must include the \"artifact_file_path\" query parameter.")
            }
            let path = try ArtifactPath(text)
            let folder = try loggedModelFolder(request).folder
            return try .file(folder.store.open(folder.base.appending(path)), name: path.name ?? "", request)
        }
    }

    /// Returns the logged model that the path of a request names and the model's artifact folder; throws for a deleted model.
    private func loggedModelFolder(_ request: HTTPRequest) throws -> (model: LoggedModelInfo, folder: ServedFolder) {
        let modelID = request.parameters.first ?? ""
        let model = try store.readNow(.cheap, for: request.caller) { try $0.loggedModelInfo(id: modelID) }
        return (model, try servedFolder(of: model, for: request.caller))
    }
}
