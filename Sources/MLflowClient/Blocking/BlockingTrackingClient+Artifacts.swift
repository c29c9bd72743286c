internal import HTTPClient
internal import HTTPWire
internal import JSON
internal import Synchronization

extension BlockingTrackingClient {
    /// The blocking form of ``TrackingClient/listArtifacts(_:path:)``.
    public func listArtifacts(_ owner: ArtifactOwner, path: String? = nil) throws(MLflowError) -> [FileInfo] {
        try allItems { token throws(MLflowError) in
            let answer = try answer(to: Self.listing(owner, path, token))
            return try Page(answer.list("files", FileInfo.init), answer)
        }
    }

    private static func listing(_ owner: ArtifactOwner, _ path: String?, _ token: String?) -> TrackingCall {
        switch owner {
        case .run(let id):
            .get("artifacts/list", [("run_id", id), ("path", path), ("page_token", token)])
        case .loggedModel(let id):
            .get(
                "logged-models/\(ArtifactRoot.encoded(id))/artifacts/directories",
                [("artifact_directory_path", path), ("page_token", token)]
            )
        }
    }

    /// The blocking form of ``TrackingClient/logArtifact(_:localPath:path:)``.
    public func logArtifact(_ owner: ArtifactOwner, localPath: String, path: String) throws(MLflowError) {
        let (file, bytes) = try LocalFile.open(localPath)
        try upload(owner, path) { .file(file, bytes: bytes) }
    }

    /// The blocking form of ``TrackingClient/logArtifact(_:bytes:path:)``.
    public func logArtifact(_ owner: ArtifactOwner, bytes: [UInt8], path: String) throws(MLflowError) {
        try upload(owner, path) { .bytes(bytes) }
    }

    /// The blocking form of ``TrackingClient/downloadArtifact(_:path:localPath:)``.
    public func downloadArtifact(_ owner: ArtifactOwner, path: String, localPath: String) throws(MLflowError) {
        let file = try IncomingFile(localPath)
        try download(owner, path, begin: { () throws(MLflowError) in try file.clear() }) { bytes throws(MLflowError) in
            try file.append(bytes)
        }
        try file.finish()
    }

    /// The blocking form of ``TrackingClient/readArtifact(_:path:maximumBytes:)``.
    public func readArtifact(
        _ owner: ArtifactOwner,
        path: String,
        maximumBytes: Int = 64 << 20
    ) throws(MLflowError) -> [UInt8] {
        var content: [UInt8] = []
        try download(owner, path, begin: { content = [] }) { bytes throws(MLflowError) in
            guard content.count + bytes.count <= maximumBytes else {
                throw .malformed("the artifact '\(path)' is longer than \(maximumBytes) bytes")
            }
            content += bytes
        }
        return content
    }
}

extension BlockingTrackingClient {
    private static let artifactsPath = "/api/2.0/mlflow-artifacts/artifacts/"

    /// How the client reads and writes the artifacts of a run or model; the server is asked only at the first call for each.
    func artifactRoot(_ owner: ArtifactOwner) throws(MLflowError) -> ArtifactRoot {
        if let root = caller.artifactRoots.withLock({ $0[owner] }) { return root }
        let uri: String
        switch owner {
        case .run(let id): uri = try getRun(runID: id).info.artifactURI
        case .loggedModel(let id): uri = try getLoggedModel(modelID: id).artifactURI
        }
        let root = ArtifactRoot(uri)
        caller.artifactRoots.withLock { roots in
            // The number of roots is bounded; if they are removed, the server is asked again.
            if roots.count >= 10_000 { roots.removeAll() }
            roots[owner] = root
        }
        return root
    }

    /// Whether the tracking server itself serves the artifacts of the run or model.
    package func servesArtifacts(of owner: ArtifactOwner) throws(MLflowError) -> Bool {
        if case .served = try artifactRoot(owner) { return true }
        return false
    }

    private func upload(_ owner: ArtifactOwner, _ path: String, _ body: () -> RequestBody) throws(MLflowError) {
        let path = try Self.checkedArtifactPath(path)
        switch try artifactRoot(owner) {
        case .served(let folder):
            let fields = [(name: "Content-Type", value: "application/octet-stream")]
            let target = Self.artifactsPath + ArtifactRoot.encoded(folder + path)
            try transfer { authorization throws(AttemptFailure) in
                do throws(CallFailure) {
                    return try caller.connection.send(
                        .put,
                        target,
                        fields: fields,
                        body: body(),
                        authorization: authorization,
                        transferLimits
                    )
                } catch {
                    throw .call(error)
                }
            }
        case .elsewhere(let uri):
            let address = try signedAddress(owner, uri, path, "artifacts/presigned-upload-url")
            try transfer { _ throws(AttemptFailure) in
                do throws(CallFailure) {
                    return try address.client.send(address.request(.put, body()), transferLimits)
                } catch {
                    throw .call(error)
                }
            }
        }
    }

    /// - Parameters:
    ///   - begin: called before the first byte of each attempt.
    ///   - receive: called with the bytes, piece by piece.
    private func download(
        _ owner: ArtifactOwner,
        _ path: String,
        begin: () throws(MLflowError) -> Void,
        _ receive: ([UInt8]) throws(MLflowError) -> Void
    ) throws(MLflowError) {
        let path = try Self.checkedArtifactPath(path)
        let root = try artifactRoot(owner)
        let address: SignedAddress?
        if case .elsewhere(let uri) = root {
            address = try signedAddress(owner, uri, path, "artifacts/presigned-download-url")
        } else {
            address = nil
        }
        try transfer { authorization throws(AttemptFailure) in
            let stream: ReplyStream
            do throws(CallFailure) {
                if let address {
                    stream = try address.client.open(address.request(.get, .none), transferLimits)
                } else if case .served(let folder) = root {
                    let target = Self.artifactsPath + ArtifactRoot.encoded(folder + path)
                    stream = try caller.connection.open(target, authorization: authorization, transferLimits)
                } else {
                    // Not reached: `address` is nil only for a root that the server itself serves.
                    throw .unreachable("the artifacts have no address")
                }
                guard stream.head.status == 200 else {
                    return HTTPReply(head: stream.head, body: try stream.body(atMost: HTTPClient.defaultMaximumBytes))
                }
            } catch {
                throw .call(error)
            }
            do throws(MLflowError) { try begin() } catch { throw .final(error) }
            while true {
                let piece: [UInt8]?
                do throws(CallFailure) { piece = try stream.next() } catch { throw .call(error) }
                guard let piece else { return HTTPReply(head: stream.head, body: []) }
                do throws(MLflowError) { try receive(piece) } catch { throw .final(error) }
            }
        }
    }

    /// Makes attempts to upload or download a file until one succeeds.
    private func transfer(_ attempt: (String?) throws(AttemptFailure) -> HTTPReply) throws(MLflowError) {
        _ = try caller.retry(.repeatable, interruption, isTransfer: true) { authorization, _ throws(AttemptFailure) in
            try attempt(authorization)
        }
    }

    private var transferLimits: CallLimits {
        CallLimits(
            connecting: caller.configuration.connectTimeout,
            silence: caller.configuration.transferTimeout,
            interruption: interruption
        )
    }

    /// Returns the path, if it cannot lead out of its root folder.
    ///
    /// - Throws: for a path with empty names, `.` or `..`.
    static func checkedArtifactPath(_ path: String) throws(MLflowError) -> String {
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !path.isEmpty, names.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            let message = "'\(path)' is not the relative path of an artifact"
            throw MLflowError(.invalidParameterValue, message, outcome: .notCarriedOut)
        }
        return path
    }
}
