internal import ArtifactStore
internal import Budgets
internal import Glibc
internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import JSON
internal import Tracking

// The client sends a large file in parts: it requests a URL for each part, sends the parts over many connections, and
// then completes the upload. For artifacts in an object store, the URLs are presigned URLs of that storage; otherwise
// they are URLs of this server.

extension MLflowAPI {
    var multipartEndpoints: [[Endpoint]] {
        let part = Self.multipartPath + "parts/{upload}/{part}"
        var all = [endpoint(.put, .artifacts, part, .change(.upload).unaudited, handler: .streamed(putPart))]
        let change = Access.change(.artifact).unaudited
        let calls = [("create", createMultipart), ("complete", completeMultipart), ("abort", abortMultipart)]
        for (verb, handler) in calls {
            let path = Self.multipartPath + verb
            all.append(endpoint(.post, .artifacts, path + "/{path...}", change, handler: .blocking(handler)))
            // Clients of MLflow 2.9 leave out the folder of the run (mlflow/mlflow#11225).
            let refusal = APIError(Self.multipartRefusal).response
            all.append(
                endpoint(.post, .artifacts, path, .change(.none).unaudited, handler: .buffered { $1.send(refusal) })
            )
        }
        return all
    }

    private static let multipartPath = "mpu/"

    /// Whether the client may send files in parts: to an object store, or to this server if the client's address for it is known.
    func offersMultipart(_ request: HTTPRequest) -> Bool {
        settings.servesArtifacts && (artifacts.directTransfers != nil || baseURL(of: request) != nil)
    }

    /// The URL at which the client reached this server, such as `http://127.0.0.1:5000/mlflow`: the scheme, the
    /// request's host, and the static prefix if the client used it.
    ///
    /// nil if a proxy reports that the client used another URL, because only the proxy knows which URL reaches this server.
    private func baseURL(of request: HTTPRequest) -> String? {
        guard !request.host.isEmpty else { return nil }
        let scheme = request.isEncrypted ? "https" : "http"
        if let outer = request.header("x-forwarded-proto"), outer.lowercased() != scheme { return nil }
        if let outerHost = request.header("x-forwarded-host"), outerHost != request.host { return nil }
        if let outerPrefix = request.header("x-forwarded-prefix"), !["", "/"].contains(outerPrefix) { return nil }
        let prefixes = PathFamily.api.prefixes.map { settings.staticPrefix + $0 }
        let isBeneathPrefix = prefixes.contains { request.routePattern.hasPrefix($0) }
        return scheme + "://" + request.host + (isBeneathPrefix ? settings.staticPrefix : "")
    }

    // MARK: The calls before and after the parts

    private func createMultipart(_ request: HTTPRequest, _ responder: HTTPResponder) {
        answerMultipart(request, responder) { target in
            let count = try target.message.integer("num_parts") ?? 0
            guard isOfRunOrModel(target.folder) else { throw Self.multipartRefusal }
            let path = try target.path
            guard count >= 0, count <= settings.multipartLimits.parts else {
                throw TrackingError.invalidParameter(
                    "Invalid value \(count) for parameter 'num_parts' supplied: it must be between 0 and "
                        + "\(settings.multipartLimits.parts). Use larger parts."
                )
            }
            try store.requireDatabaseInPlace()
            if let direct = artifacts.directTransfers {
                let lifetime = settings.multipartLimits.lifetimeSeconds
                // If the object store does not tell which uploads have ended, they count until they expire.
                let slot = try directUploads.slot(for: request.caller.client) { ids in
                    (try? direct.endedUploads(among: ids)) ?? []
                }
                // The server does not see the parts, so it refuses the upload now if the quota is used up.
                try settings.quotas?.claim(for: request.caller.owner).grow(by: 1)
                let upload = try direct.createUpload(path, partCount: Int(count), lifetimeSeconds: lifetime)
                directUploads.begin(DirectUploads.Name(id: upload.id, path: path.description), in: slot)
                return responder.send(Self.creationAnswer(upload.id, upload.parts))
            }
            guard let multipartUploads, let base = baseURL(of: request) else { throw Self.multipartRefusal }
            let (client, owner) = (request.caller.client, request.caller.owner?.key)
            let upload = try multipartUploads.create(path, partCount: Int(count), for: client, owner: owner)
            let signer = PartSignature(key: try multipartUploads.signingKey())
            let url = base + PathFamily.artifacts.prefixes[0] + Self.multipartPath + "parts/" + upload.id + "/"
            let parts = (0..<Int(count)).map { part in
                let number = part + 1
                let signature = signer.text(uploadID: upload.id, part: number, expires: upload.expires)
                return "\(url)\(number)?expires=\(upload.expires)&signature=\(signature)"
            }
            responder.send(Self.creationAnswer(upload.id, parts))
        }
    }

    /// Returns the answer to a request that begins an upload.
    ///
    /// - Parameter urls: the URLs of the parts, in the order of their numbers.
    private static func creationAnswer(_ uploadID: String, _ urls: [String]) -> HTTPResponse {
        .jsonObject(capacity: 256 + urls.count * 256) { writer in
            writer.member("upload_id", uploadID)
            writer.memberArray("credentials") { writer in
                for (index, url) in urls.enumerated() {
                    writer.beginObject()
                    writer.member("url", url)
                    writer.member("part_number", index + 1)
                    writer.memberObject("headers") { _ in }
                    writer.endObject()
                }
            }
        }
    }

    private func completeMultipart(_ request: HTTPRequest, _ responder: HTTPResponder) {
        answerMultipart(request, responder) { target in
            let uploadID = try target.message.string("upload_id") ?? ""
            guard try target.message.field("parts", isRequired: true) != nil else {
                throw RequestMessage.missing("parts")
            }
            let parts = try target.message.messages("parts").map { part in
                ListedPart(number: Int(try part.integer("part_number") ?? 0), entityTag: try part.string("etag") ?? "")
            }
            let path = try target.path
            try store.requireDatabaseInPlace()
            if let direct = artifacts.directTransfers {
                return try completeDirect(direct, uploadID, path, parts, request, responder)
            }
            try artifactLocks.runAlone(on: path) {
                try requireStill(.update, at: target.folder, in: artifacts, for: request)
                try writeOwedEntries()
                guard let stored = try multipartUploads?.complete(uploadID, path, parts) else {
                    responder.send(.empty)
                    return
                }
                journal(stored, at: path, runID: nil, owner: request.caller.owner) { error in
                    responder.send(error.map { multipartFailure($0, path: path.description) } ?? .empty)
                }
            }
        }
    }

    /// Completes an upload to an object store; the quotas count its bytes only now, because this server has not seen them.
    private func completeDirect(
        _ direct: any DirectTransfers,
        _ uploadID: String,
        _ path: ArtifactPath,
        _ parts: [ListedPart],
        _ request: HTTPRequest,
        _ responder: HTTPResponder
    ) throws {
        let claim = settings.quotas?.claim(for: request.caller.owner)
        let upload = DirectUploads.Name(id: uploadID, path: path.description)
        try artifactLocks.runAlone(on: path) {
            try requireStill(.update, at: path, in: artifacts, for: request)
            try writeOwedEntries()
            guard !directUploads.isCompleted(upload) else { return responder.send(.empty) }
            let stored: StoredArtifact
            do {
                stored = try direct.completeUpload(uploadID, path, parts, claim: claim)
            } catch {
                // The upload is no longer open; if the quota is exceeded, `completeUpload` has aborted it.
                switch error {
                case MultipartError.unknownUpload, ArtifactError.quotaExceeded: directUploads.end(upload)
                default: break
                }
                throw error
            }
            directUploads.complete(upload)
            journal(stored, at: path, runID: nil, owner: request.caller.owner, claim: claim) { error in
                responder.send(error.map { multipartFailure($0, path: path.description) } ?? .empty)
            }
        }
    }

    /// Aborting an upload that no longer exists is not an error: the client would report the error instead of the failure that
    /// made it abort the upload.
    private func abortMultipart(_ request: HTTPRequest, _ responder: HTTPResponder) {
        answerMultipart(request, responder) { target in
            let uploadID = try target.message.string("upload_id") ?? ""
            if let path = try? target.path {
                try multipartUploads?.abort(uploadID, path)
                if let direct = artifacts.directTransfers {
                    try direct.abortUpload(uploadID, path)
                    directUploads.end(DirectUploads.Name(id: uploadID, path: path.description))
                }
            }
            responder.send(.empty)
        }
    }

    /// The fields that the three messages share, in the order in which MLflow checks them.
    private struct Target {
        let folder: ArtifactPath
        let message: RequestMessage
        /// The path of the file on the client, of which only the last component is used.
        let localPath: String

        init(_ request: HTTPRequest) throws {
            folder = try ArtifactPath(request.parameters.first ?? "")
            message = try RequestMessage(request)
            localPath = try message.requiredString("path")
        }

        /// The path of the artifact; clients on Windows send backslashes.
        var path: ArtifactPath {
            get throws {
                let name = localPath.utf8.split(omittingEmptySubsequences: false) { [0x2F, 0x5C].contains($0) }.last
                guard let name, !name.isEmpty else { throw ArtifactError.invalidPath(.empty) }
                return try folder.appending(try ArtifactPath(String(Substring(name))))
            }
        }
    }

    private func answerMultipart(_ request: HTTPRequest, _ responder: HTTPResponder, _ body: (Target) throws -> Void) {
        do {
            try requireServing()
            let target = try Target(request)
            try requirePermission(.update, at: target.folder, in: artifacts, for: request.caller)
            // The sender was checked when the head had arrived; the body may have arrived much later.
            try requireStill(.update, at: target.folder, in: artifacts, for: request)
            try body(target)
        } catch { responder.send(multipartFailure(error, path: request.parameters.first ?? "")) }
    }

    /// Whether a folder is the artifact folder of a run or a logged model, or is beneath one.
    ///
    /// Uploads elsewhere are refused: clients of MLflow 2.9 send a path without that folder, and no run would find the file.
    private func isOfRunOrModel(_ folder: ArtifactPath) -> Bool {
        let names = folder.components
        return names.indices.dropFirst().contains { index in
            guard names[index] == "artifacts" else { return false }
            if index >= 2, names[index - 2] == "models" { return true }
            let owner = names[index - 1].utf8
            return owner.count == 32 && names[index - 1].allSatisfy { $0.isASCII && $0.isHexDigit }
        }
    }

    // MARK: The parts

    private func putPart(_ request: HTTPRequest, _ responder: HTTPResponder) -> (any HTTPBodyReceiver)? {
        do {
            try requireServing()
            let (uploadID, number) = try permittedPart(request)
            try store.requireDatabaseInPlace()
            let slot = try uploadSlot(for: request.caller.client)
            guard let multipartUploads else { throw MultipartError.unknownUpload }
            let part = try multipartUploads.beginPart(uploadID, number: number, length: request.announcedLength)
            let failure = { @Sendable error in multipartFailure(error, path: uploadID) }
            return PartReceiver(part: part, failure: failure, slot: slot, responder: responder)
        } catch {
            responder.send(multipartFailure(error, path: request.parameters.first ?? ""))
            return nil
        }
    }

    /// Returns the part that the URL permits to send; verifies the signature before it looks up anything.
    private func permittedPart(_ request: HTTPRequest) throws -> (uploadID: String, number: Int) {
        let refusal = TrackingError.permissionDenied(
            "The URL of this part is not one that this server has given out; use it unchanged."
        )
        guard request.parameters.count == 2, let number = Int(request.parameters[1]),
            let expires = request.queryValue("expires").flatMap(Int64.init),
            let signature = request.queryValue("signature")
        else { throw refusal }
        let uploadID = request.parameters[0]
        guard let multipartUploads else { throw refusal }
        let signer = PartSignature(key: try multipartUploads.signingKey())
        guard signer.isValid(signature, uploadID: uploadID, part: number, expires: expires) else { throw refusal }
        guard expires > Int64(time(nil)) else {
            throw TrackingError.permissionDenied("The URL of this part has expired; begin the upload anew.")
        }
        return (uploadID, number)
    }

    // MARK: Failures

    /// When a message begins with these words, the client sends the file in one piece instead.
    private static let multipartRefusal = TrackingError(
        .notImplemented,
        "Multipart upload is not supported for the current artifact repository"
    )

    private func multipartFailure(_ error: any Error, path: String) -> HTTPResponse {
        guard let error = error as? MultipartError else { return uploadFailure(error, path: path) }
        let converted: TrackingError
        switch error {
        case .tooManyUploads:
            converted = TrackingError(.notImplemented, Self.multipartRefusal.message + ": too many uploads are open")
        case .unknownUpload:
            converted = .doesNotExist(
                "No such multipart upload for '\(path)': it was aborted, has expired, or never began. Begin it anew."
            )
        case .completing:
            converted = TrackingError(.temporarilyUnavailable, "The upload is being completed; try again.")
        case .unknownPart(let number): converted = .invalidParameter("The upload has no part \(number).")
        case .missingPart(let number, let count):
            converted = .invalidParameter("Part \(number) has not arrived; missing parts in all: \(count).")
        case .unlistedPart(let number):
            converted = .invalidParameter("Part \(number) is missing in the list of parts; each must be listed.")
        case .changedPart(let number):
            converted = .invalidParameter(
                "Part \(number) was sent again: its ETag is not the one in the list of parts. Use the last ETag."
            )
        case .wrongParts(let text): converted = .invalidParameter(text)
        case .partTooLarge:
            let maximum = settings.multipartLimits.partBytes
            let message = "A part may have at most \(maximum) bytes; use smaller parts."
            return APIError(httpStatus: 413, message: message).response
        case .wrongLength: converted = .invalidParameter("The part has another length than its Content-Length said.")
        }
        return APIError(converted).response
    }
}
