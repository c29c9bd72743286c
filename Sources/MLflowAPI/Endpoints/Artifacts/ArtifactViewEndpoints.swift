internal import ArtifactStore
internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import Identities
internal import JSON
internal import Tracking

extension MLflowAPI {
    /// Views of whole artifact trees, which MLflow does not have: an archive, a single list, and a comparison of runs.
    var artifactViewEndpoints: [[Endpoint]] {
        let route = "runs/artifacts/"
        return [
            endpoint(.get, .apus, route + "zip", .search(.run), handler: .blocking(getArtifactZip)),
            endpoint(.get, .apus, route + "tree", .search(.run), pages: .tree, handler: .blocking(getArtifactTree)),
            endpoint(.get, .apus, route + "compare", .search(.runs("run_ids")), handler: .blocking(compareArtifacts)),
        ]
    }

    /// `zip?run_id=…&path=…`: an archive of a run's artifacts, or of one folder, which is made while it is sent.
    ///
    /// Names in the archive are relative to the run's root. If a file vanishes or shrinks while the archive is sent,
    /// the connection is closed early, so that the client notices that the archive is incomplete.
    private func getArtifactZip(_ request: HTTPRequest, _ responder: HTTPResponder) {
        answer(responder, path: request.queryValue("path") ?? "") {
            let (run, path) = try viewedRun(request)
            let folder = try servedFolder(of: run, for: request.caller, to: .read)
            guard let archive = try folder.store.zip(path, relativeTo: folder.base) else {
                let limit = ZipArchive.Limits().entries
                throw TrackingError.invalidParameter(
                    "An archive has at most \(limit) files and folders, and this folder has more; request its folders one by one."
                )
            }
            let headers = [
                ("Content-Type", "application/zip"),
                ("Content-Disposition", contentDisposition(forName: Self.archiveName(run, path))),
                ("Content-Security-Policy", "sandbox; default-src 'none'"), ("Cache-Control", "no-cache"),
            ]
            return try stream(ArtifactZipBody(archive), headers: headers)
        }
    }

    /// `tree?run_id=…&path=…`: everything beneath the run's root or one folder, in the order of the paths.
    ///
    /// An answer has at most 100,000 entries, or `max_results`. If there are more, it has a `next_page_token`, which the next
    /// request sends as `page_token`. Times are Unix milliseconds.
    private func getArtifactTree(_ request: HTTPRequest, _ responder: HTTPResponder) {
        answer(responder, path: request.queryValue("path") ?? "") {
            let (run, path) = try viewedRun(request)
            let message = try RequestMessage(request, .tree)
            let limit = try message.checkedPageSize(message.pageSize())
            let folder = try servedFolder(of: run, for: request.caller, to: .read)
            let walk = try folder.walk(path, after: try message.string("page_token").flatMap { $0.isEmpty ? nil : $0 })
            return try stream(ArtifactTreeBody(walk, of: run, limit: Int64(limit)))
        }
    }

    /// `compare?run_ids=a,b`, or `run_ids` repeated: which paths are the same, changed or missing across 2 to 20 runs.
    ///
    /// Files of equal size are compared by SHA-256, which is cached until the file changes.
    private func compareArtifacts(_ request: HTTPRequest, _ responder: HTTPResponder) {
        answer(responder, path: "") {
            let runIDs = try Self.comparedRunIDs(request)
            let runs = try store.readNow(.cheap, for: request.caller) { session in
                try runIDs.map { try session.runInfo(id: $0) }
            }
            let walks = try runs.map { try servedFolder(of: $0, for: request.caller, to: .read).walk() }
            let comparison = try ArtifactComparison(walks, digests: digests)
            return try stream(ArtifactComparisonBody(comparison, runIDs: runIDs))
        }
    }

    private func viewedRun(_ request: HTTPRequest) throws -> (RunInfo, ArtifactPath) {
        let message = try RequestMessage(request)
        let runID = try message.requiredRunID()
        let path = try ArtifactPath(try message.string("path") ?? "")
        return (try store.readNow(.cheap, for: request.caller) { try $0.runInfo(id: runID) }, path)
    }

    private static func comparedRunIDs(_ request: HTTPRequest) throws -> [String] {
        let values = request.query.filter { $0.name == "run_ids" }.map(\.value)
        let runIDs = values.flatMap { $0.split(separator: ",") }.map(\.trimmingSpaces).filter { !$0.isEmpty }
        guard (2...20).contains(runIDs.count), Set(runIDs).count == runIDs.count else {
            throw TrackingError.invalidParameter(
                "Parameter 'run_ids' must name 2 to 20 different runs, separated by commas; got \(runIDs.count)."
            )
        }
        return runIDs
    }

    /// A file name made from the names of the run and of the archived folder; characters unfit for file names become `_`.
    private static func archiveName(_ run: RunInfo, _ path: ArtifactPath) -> String {
        let name = run.name.isEmpty ? run.runID : run.name
        let fullName = path.name.map { "\(name)-\($0)" } ?? name
        let scalars = fullName.unicodeScalars.prefix(100).map { scalar in
            let isUnfit = scalar.value < 0x20 || scalar.value == 0x7F || "/\\:*?\"<>|".unicodeScalars.contains(scalar)
            return isUnfit ? "_" : scalar
        }
        return String(String.UnicodeScalarView(scalars)) + ".zip"
    }
}
