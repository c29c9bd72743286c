internal import ArtifactStore
internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import JSON
internal import Tracking

extension MLflowAPI {
    var artifactEndpoints: [[Endpoint]] {
        let file = "artifacts/{path...}"
        let upload = "2.0/mlflow/upload-artifact"
        let change = Access.change(.artifact)
        let deletion = change.audited(as: "artifacts/delete")
        return [
            endpoint(.get, .artifacts, "artifacts", .lookUp(.folder), handler: .blocking(listProxiedArtifacts)),
            endpoint(.get, .artifacts, file, .lookUp(.artifact), handler: .blocking(getProxiedArtifact)),
            endpoint(.put, .artifacts, file, change.unaudited, handler: .streamed(putProxiedArtifact)),
            endpoint(.delete, .artifacts, file, deletion, auditing: deleteProxiedArtifact),
            namelessArtifact(.get, "artifacts/", .lookUp(.none)),
            namelessArtifact(.put, "artifacts/", .change(.none).unaudited),
            namelessArtifact(.delete, "artifacts/", .change(.none).unaudited),
            endpoint(.get, .tracking, "artifacts/list", .lookUp(.run), handler: .blocking(listArtifacts)),
            endpoint(.get, .root, "get-artifact", .lookUp(.run), handler: .blocking(getArtifact)),
            endpoint(.post, .pages, upload, .change(.run).unaudited, handler: .streamed(uploadArtifact)),
        ]
    }

    // MARK: Artifacts by run

    private func listArtifacts(_ request: HTTPRequest, _ responder: HTTPResponder) {
        answer(responder, path: request.queryValue("path") ?? "") {
            let message = try RequestMessage(request)
            let runID = try message.requiredRunID()
            let path = try ArtifactPath(try message.string("path") ?? "")
            let run = try store.readNow(.cheap, for: request.caller) { try $0.runInfo(id: runID) }
            let folder = try servedFolder(of: run, for: request.caller, to: .read)
            let entries = try folder.store.list(path, relativeTo: folder.base)
            return .jsonObject { writer in
                writer.member("root_uri", run.artifactURI)
                writer.write(entries)
            }
        }
    }

    private func getArtifact(_ request: HTTPRequest, _ responder: HTTPResponder) {
        answer(responder, path: request.queryValue("path") ?? "") {
            guard let text = request.queryValue("path") else { throw RequestMessage.missing("path") }
            let path = try ArtifactPath(text)
            guard let runID = request.runID else { throw RequestMessage.missing("run_id") }
            let run = try store.readNow(.cheap, for: request.caller) { try $0.runInfo(id: runID) }
            let folder = try servedFolder(of: run, for: request.caller, to: .read)
            return try file(at: folder.base.appending(path), of: folder.store, request)
        }
    }

    /// The maximum number of attempts to open a file for one answer; an attempt fails if another client replaces the file before
    /// its first bytes are read.
    private static let maximumOpenAttempts = 5

    /// Returns the answer with a file, in the coding and range that the request asks for.
    private func file(
        at path: ArtifactPath,
        of store: any ArtifactStorage,
        _ request: HTTPRequest
    ) throws(ArtifactError) -> HTTPResponse {
        for _ in 1..<Self.maximumOpenAttempts {
            do throws(ArtifactError) {
                return try .file(store.open(path), name: path.name ?? "", request)
            } catch {
                guard error == .replaced else { throw error }
            }
        }
        return try .file(store.open(path), name: path.name ?? "", request)
    }

    private func uploadArtifact(_ request: HTTPRequest, _ responder: HTTPResponder) -> (any HTTPBodyReceiver)? {
        upload(request, responder, path: request.queryValue("path") ?? "") { slot in
            guard let runID = request.runID else {
                throw TrackingError.invalidParameter("Request must specify run_uuid.")
            }
            guard let text = request.queryValue("path"), !text.isEmpty else {
                throw TrackingError.invalidParameter("Request must specify path.")
            }
            let path = try ArtifactPath(text)
            guard request.announcesBody else { throw TrackingError.invalidParameter("Request must specify data.") }
            let run = try store.readNow(.cheap, for: request.caller) { try $0.runInfo(id: runID) }
            let folder = try servedFolder(of: run, for: request.caller, to: .update)
            let fullPath = try folder.base.appending(path)
            return ArtifactReceiver(
                upload: try beginWrite(fullPath, in: folder.store, request),
                limits: ArtifactReceiver.Limits(bytes: 10 * 1_048_576, allowsEmpty: false),
                commit: { try commit($0, at: fullPath, of: folder.store, runID: runID, for: request, then: $1) },
                success: HTTPResponse(headers: [("Content-Type", "application/json")], body: .bytes([])),
                failure: { uploadFailure($0, path: text) },
                slot: slot,
                responder: responder
            )
        }
    }

    // MARK: Artifacts by path

    private func listProxiedArtifacts(_ request: HTTPRequest, _ responder: HTTPResponder) {
        let text = request.queryValue("path") ?? ""
        answer(responder, path: text) {
            try requireServing()
            let path = try ArtifactPath(text)
            try requirePermission(.read, at: path, in: artifacts, for: request.caller)
            let entries = try artifacts.list(.root, relativeTo: path)
            return .jsonObject { $0.write(entries) }
        }
    }

    private func getProxiedArtifact(_ request: HTTPRequest, _ responder: HTTPResponder) {
        let text = request.parameters.first ?? ""
        answer(responder, path: text) {
            try requireServing()
            let path = try ArtifactPath(text)
            try requirePermission(.read, at: path, in: artifacts, for: request.caller)
            return try file(at: path, of: artifacts, request)
        }
    }

    private func putProxiedArtifact(_ request: HTTPRequest, _ responder: HTTPResponder) -> (any HTTPBodyReceiver)? {
        let text = request.parameters.first ?? ""
        return upload(request, responder, path: text) { slot in
            try requireServing()
            let path = try ArtifactPath(text)
            try requirePermission(.update, at: path, in: artifacts, for: request.caller)
            return ArtifactReceiver(
                upload: try beginWrite(path, in: artifacts, request),
                limits: ArtifactReceiver.Limits(bytes: .max, allowsEmpty: true),
                commit: { try commit($0, at: path, of: artifacts, runID: nil, for: request, then: $1) },
                success: HTTPResponse(headers: [], body: .bytes([])),
                failure: { uploadFailure($0, path: text) },
                slot: slot,
                responder: responder
            )
        }
    }

    /// Returns endpoints for a route that ends where the name of an artifact should begin; they refuse every request.
    func namelessArtifact(_ method: HTTPMethod, _ path: String, _ access: Access) -> [Endpoint] {
        let answer = failure(ArtifactError.invalidPath(.empty), path: "")
        return endpoint(method, .artifacts, path, access, handler: .buffered { $1.send(answer) })
    }

    private func deleteProxiedArtifact(_ request: HTTPRequest, _ responder: HTTPResponder, _ audit: AuditEntry?) {
        let text = request.parameters.first ?? ""
        do {
            try requireServing()
            let path = try ArtifactPath(text)
            try requirePermission(.delete, at: path, in: artifacts, for: request.caller)
            try store.requireDatabaseInPlace()
            try deleteAndJournal(path, of: artifacts, audit) {
                try requireStill(.delete, at: path, in: artifacts, for: request)
            } then: { error in
                responder.send(error.map { failure($0, path: text) } ?? .empty)
            }
        } catch { responder.send(failure(error, path: text)) }
    }

    func requireServing() throws(TrackingError) {
        guard settings.servesArtifacts else {
            throw TrackingError(
                .notImplemented,
                "Artifact serving is disabled on this server. Start it with `--serve-artifacts` to enable it."
            )
        }
    }

    // MARK: Answers

    func answer(_ responder: HTTPResponder, path: String, _ body: () throws -> HTTPResponse) {
        do {
            responder.send(try body())
        } catch { responder.send(failure(error, path: path)) }
    }

    private func upload(
        _ request: HTTPRequest,
        _ responder: HTTPResponder,
        path: String,
        _ begin: (_ slot: BudgetReservation?) throws -> ArtifactReceiver
    ) -> (any HTTPBodyReceiver)? {
        do {
            try store.requireDatabaseInPlace()
            return try begin(try uploadSlot(for: request.caller.client))
        } catch {
            responder.send(uploadFailure(error, path: path))
            return nil
        }
    }

    /// Throws `AccessRefusal`, or an error of `requirePermission`, if the sender has lost a permission while the request waited.
    func requireStill(
        _ action: PermittedAction,
        at path: ArtifactPath,
        in root: any ArtifactStorage,
        for request: HTTPRequest
    ) throws {
        var request = request
        guard let access = settings.access else { return }
        // `requirePermission` looks up the runs and models to which the files belong; meanwhile, the rights may change again.
        for _ in 0..<AccessControl.maximumChecks {
            guard try access.admitAgain(&request, .change(.artifact)) else { return }
            try requirePermission(action, at: path, in: root, for: request.caller)
        }
        throw AccessControl.changesTooOften
    }

    /// Makes an upload visible, unless its sender has lost the permission, and calls `answer` when it is in the journal.
    ///
    /// - Parameter runID: the run of the artifact; nil to derive it from the path.
    private func commit(
        _ upload: any PendingArtifact,
        at path: ArtifactPath,
        of root: any ArtifactStorage,
        runID: String?,
        for request: HTTPRequest,
        then answer: @escaping @Sendable ((any Error)?) -> Void
    ) throws {
        let owner = request.caller.owner
        let check = { try requireStill(.update, at: path, in: root, for: request) }
        try commitAndJournal(upload, at: path, runID: runID, owner: owner, ifAllowed: check, then: answer)
    }

    private func beginWrite(
        _ path: ArtifactPath,
        in root: any ArtifactStorage,
        _ request: HTTPRequest
    ) throws(ArtifactError) -> any PendingArtifact {
        let claim = settings.quotas?.claim(for: request.caller.owner)
        let length = request.announcedLength
        let upload = try root.beginUpload(path, length: length, claim: claim, for: request.caller.client)
        if let length {
            // This refuses the upload before the client sends bytes that would exceed the quota later.
            do throws(ArtifactError) {
                try claim?.grow(by: length)
            } catch {
                upload.abort()
                throw error
            }
            claim?.shrink(by: length)
        }
        return upload
    }

    /// Counts an upload among the files that one client sends at the same time; returns nil if there is no limit.
    ///
    /// - Throws: `.temporarilyUnavailable`, after which the client sends the file again later.
    func uploadSlot(for client: Peer) throws(TrackingError) -> BudgetReservation? {
        guard let uploads = settings.uploads else { return nil }
        let slot = BudgetReservation(of: uploads, for: client)
        guard slot.grow(by: 1) else {
            throw TrackingError(
                .temporarilyUnavailable,
                "\(client.phrase) sends as many files at once as one client may: \(uploads.share(of: client)) "
                    + "(--client-uploads). Try again when one has arrived."
            )
        }
        return slot
    }
}

extension HTTPRequest {
    /// The length of the body after decoding; nil if the head does not state it.
    var announcedLength: Int64? {
        let coding = header("content-encoding")?.lowercased() ?? "identity"
        guard coding == "identity" else { return nil }
        return header("content-length").flatMap(Int64.init)
    }

    /// The id of the run in the query; `run_uuid` is the old name of the parameter.
    fileprivate var runID: String? {
        [queryValue("run_id"), queryValue("run_uuid")].compactMap(\.self).first { !$0.isEmpty }
    }

    /// Whether the head announces a body that is not empty.
    fileprivate var announcesBody: Bool {
        header("transfer-encoding") != nil || (header("content-length") ?? "0") != "0"
    }
}

extension JSONWriter {
    /// As in MLflow, leaves out the size of folders and of empty files, and the list if it is empty.
    mutating func write(_ entries: [ArtifactEntry]) {
        guard !entries.isEmpty else { return }
        memberArray("files") { writer in
            for entry in entries {
                writer.beginObject()
                writer.member("path", entry.path)
                writer.member("is_dir", entry.isDirectory)
                if entry.size > 0 { writer.member("file_size", entry.size) }
                writer.endObject()
            }
        }
    }
}
