internal import ArtifactStore
internal import Budgets
internal import Synchronization
internal import Tracking
internal import TrackingStore

extension Forwarder {
    /// Sends the files of runs and models that the upstream has; blocks until no files are due.
    ///
    /// - Throws: a failure of the store; failures of the upstream are reported in `status`.
    package func sendFiles() throws { try recordingJournalFailure("files") { try sendFilesNow() } }

    private func sendFilesNow() throws {
        guard let upstream = state.withLock({ $0.upstream }), let upstreamID = state.withLock({ $0.upstreamID }) else {
            return
        }
        while let next = nextOwner() {
            do {
                switch next {
                case .run(let row): try sendFiles(ofRun: row, to: upstream, upstreamID)
                case .model(let owner): try sendFiles(ofModel: owner, to: upstream, upstreamID)
                }
                state.withLock { state in
                    if state.fileBackOff.failures > 0 { state.status.failure = nil }
                    state.fileBackOff.succeed()
                }
            } catch let failure as UpstreamFailure where !failure.isAboutServer {
                // The failure concerns only this owner's files and has been noted.
                continue
            } catch let failure as UpstreamFailure {
                return state.withLock { state in
                    state.fileBackOff.fail(at: .now, requested: failure.pause)
                    state.status.failures[failure.kind, default: 0] += 1
                    state.status.failure = failure
                }
            }
        }
    }

    private enum NextOwner {
        case run(Int64)
        case model(FileOwner)
    }

    /// Returns the next owner whose files are due; owners whose files failed come last, after their pause.
    private func nextOwner() -> NextOwner? {
        state.withLock { state in
            guard !state.isStopped, state.fileBackOff.isDue(at: .now) else { return nil }
            let failed = state.fileFailuresOfRuns
            if let row = state.fileRuns.lazy.filter({ failed[$0] == nil }).min() { return .run(row) }
            let models = state.fileModels.values
            if let model = models.first(where: { state.fileFailures[$0.owner] == nil }) { return .model(model) }
            if let row = failed.first(where: { $0.value.backOff.isDue(at: .now) && state.fileRuns.contains($0.key) }) {
                return .run(row.key)
            }
            return models.first { state.fileFailures[$0.owner]?.backOff.isDue(at: .now) ?? true }.map { .model($0) }
        }
    }

    /// Sets a pause for an owner whose files failed.
    ///
    /// When the files of `failuresBeforePause` owners have failed, no files are sent during a common pause.
    private func postpone(_ owner: ForwardedFileOwner, _ row: Int64?, _ part: String, _ failure: UpstreamFailure) {
        state.withLock { state in
            state.status.failures[failure.kind, default: 0] += 1
            var itemFailure = state.fileFailures[owner] ?? ForwardState.ItemFailure(failure: failure)
            itemFailure.failure = failure
            itemFailure.part = part
            if let row { itemFailure.rows = [row] }
            itemFailure.backOff.fail(at: .now, requested: failure.pause)
            state.fileFailures[owner] = itemFailure
            state.failedFileOwners.insert(owner)
            guard state.failedFileOwners.count >= ForwardState.failuresBeforePause else { return }
            state.failedFileOwners = []
            state.fileBackOff = BackOff()
            state.fileBackOff.fail(at: .now, requested: ForwardState.pauseAfterFailures)
        }
    }

    private func sendFiles(ofRun row: Int64, to upstream: any Upstream, _ upstreamID: Int64) throws {
        _ = state.withLock { $0.renewedFileRuns.remove(row) }
        // An upload after this read adds the run to `fileRuns` again.
        let found = try store.readNow(.cheap) { try $0.forwardedRuns(rows: [row], upstream: upstreamID).first }
        if let found, let remoteID = found.journal.remoteID, !found.journal.isSkipped {
            let info = found.run.run.info
            let owner = FileOwner(owner: .run(info.runID), remoteID: remoteID, location: info.artifactURI)
            var changedPaths: [String]?
            let mustCompareAll = state.withLock { $0.fileRetries.remove(owner.owner) != nil }
            if !mustCompareAll, let entry = found.journal.comparedArtifactEntry {
                changedPaths = try store.readNow(.cheap) { try $0.uploadedPaths(ofRun: row, after: entry) }
            }
            do {
                try sendFiles(of: owner, row, changedPaths: changedPaths, to: upstream, upstreamID)
            } catch {
                if mustCompareAll { _ = state.withLock { $0.fileRetries.insert(owner.owner) } }
                throw error
            }
            let entry = found.newestArtifactEntry
            try store.writeNow { try $0.noteFilesCompared(ofRun: row, at: entry, upstream: upstreamID) }
            // If the operator has meanwhile asked for all files again, the run stays in `fileRuns`.
            if state.withLock({ $0.fileRetries.contains(owner.owner) }) { return }
        }
        state.withLock { if !$0.renewedFileRuns.contains(row) { $0.endFiles(ofRun: row) } }
    }

    private func sendFiles(ofModel owner: FileOwner, to upstream: any Upstream, _ upstreamID: Int64) throws {
        let id = owner.owner.id
        _ = state.withLock { $0.renewedFileModels.remove(id) }
        if let folder = settings.folder(owner.location) {
            let path = folder.path.description
            let entry = try store.readNow(.cheap) { try $0.newestArtifactEntry(beneath: path) }
            _ = state.withLock { $0.fileRetries.remove(owner.owner) }
            try sendFiles(of: owner, nil, changedPaths: nil, to: upstream, upstreamID)
            try store.writeNow { try $0.noteFilesCompared(ofModel: id, at: entry, upstream: upstreamID) }
            if state.withLock({ $0.fileRetries.contains(owner.owner) }) { return }
        }
        state.withLock { if !$0.renewedFileModels.contains(id) { $0.fileModels[id] = nil } }
    }

    /// A file in an owner's folder; the upstream may lack it or have another version of it.
    private struct ListedFile {
        /// The path relative to the owner's folder.
        let path: String
        let rootPath: ArtifactPath
        let bytes: Int64
    }

    /// Sends the files of an owner that differ from the journal.
    ///
    /// - Parameter changedPaths: the paths relative to the root of artifacts that may have changed; nil for all files.
    /// - Throws: an `UpstreamFailure` if a file has to be tried again; unless the failure concerns the server, it has been noted.
    private func sendFiles(
        of owner: FileOwner,
        _ row: Int64?,
        changedPaths: [String]?,
        to upstream: any Upstream,
        _ upstreamID: Int64
    ) throws {
        guard changedPaths?.isEmpty != true, let folder = settings.folder(owner.location) else { return }
        let entries = try store.readNow(.cheap) { try $0.forwardedFiles(of: owner.owner, upstream: upstreamID) }
        var versions: [ExactText: String] = [:]
        for file in entries { versions[ExactText(file.path)] = file.version }
        var missing: [ListedFile] = []
        for file in try files(in: folder, changedPaths: changedPaths) {
            guard let opened = try? folder.root.open(file.rootPath) else { continue }
            if versions[ExactText(file.path)] != opened.entityTag { missing.append(file) }
        }
        if changedPaths == nil { try forgetFileOmissions(of: owner.owner.id, upstreamID) }
        guard !missing.isEmpty else { return clearFileFailure(of: owner.owner) }
        defer { state.withLock { $0.fileBytes[owner.owner] = nil } }
        var remainingBytes = missing.reduce(0) { $0 + $1.bytes }
        let generation = state.withLock(\.generation)
        let base: String
        let location: String
        do {
            switch try upstream.folder(of: owner) {
            case .proxied(let path, let uri): (base, location) = (path, uri)
            case .elsewhere(let reason):
                let omission = ForwardOmission(subject: owner.owner.id, part: ForwardOmission.files, reason: reason)
                try store.writeNow { try $0.note(omission, upstream: upstreamID) }
                return clearFileFailure(of: owner.owner)
            }
        } catch let failure as UpstreamFailure where failure.isAboutItem {
            // The upstream has removed the run or model, or this server may not read it.
            let id = owner.owner.id
            let omission = ForwardOmission(subject: id, part: ForwardOmission.files, reason: failure.message)
            try store.writeNow { try $0.note(omission, upstream: upstreamID) }
            return clearFileFailure(of: owner.owner)
        } catch let failure as UpstreamFailure where !failure.isAboutServer {
            postpone(owner.owner, row, ForwardOmission.files, failure)
            throw failure
        }
        var failed: [(part: String, failure: UpstreamFailure)] = []
        for file in missing {
            state.withLock { [remainingBytes] in $0.fileBytes[owner.owner] = remainingBytes }
            guard !isStopped else { throw UpstreamFailure(.unreachable, "this server is stopping") }
            guard generation == state.withLock(\.generation) else {
                throw UpstreamFailure(.unreachable, "its database was replaced")
            }
            // The file may have been replaced or deleted since it was listed.
            guard let opened = try? folder.root.open(file.rootPath) else { continue }
            let sent = ForwardedFile(path: file.path, bytes: opened.size, version: opened.entityTag)
            do throws(UpstreamFailure) {
                let path = base.isEmpty ? file.path : base + "/" + file.path
                try upstream.put(opened, of: owner, at: location, to: path)
            } catch {
                let part = ForwardOmission.part(ofFile: file.path)
                switch error {
                case _ where error.isAboutServer: throw error
                case _ where error.isAboutItem:
                    let omission = ForwardOmission(subject: owner.owner.id, part: part, reason: error.message)
                    try store.writeNow { try $0.note(omission, upstream: upstreamID) }
                default: failed.append((part, error))
                }
                // After two failures, the remaining files of this owner wait too.
                if failed.count > 1 { break }
                continue
            }
            try store.writeNow { try $0.note(sent, of: owner.owner, upstream: upstreamID) }
            recordSentFile(opened.size)
            remainingBytes -= file.bytes
        }
        if let first = failed.first {
            postpone(owner.owner, row, first.part, first.failure)
            throw first.failure
        }
        clearFileFailure(of: owner.owner)
    }

    /// Removes the omissions of an owner's files before all files are compared, so that no omission of a removed file stays.
    private func forgetFileOmissions(of id: String, _ upstreamID: Int64) throws {
        let entries = try store.readNow(.cheap) { try $0.omissions(of: [id], upstream: upstreamID) }
        guard !entries.isEmpty else { return }
        try store.writeNow { try $0.forgetFileOmissions(of: id, upstream: upstreamID) }
    }

    /// Records that no file of an owner has to be tried again.
    private func clearFileFailure(of owner: ForwardedFileOwner) { state.withLock { $0.fileFailures[owner] = nil } }

    private func recordSentFile(_ bytes: Int64) {
        state.withLock { state in
            state.status.sentFiles += 1
            state.status.sentBytes += bytes
            state.status.lastSuccess = currentMilliseconds()
            state.status.lastProgress = .now
            state.failedFileOwners = []
            if state.fileBackOff.failures > 0 { state.status.failure = nil }
        }
    }

    private func files(in folder: ForwardFolder, changedPaths: [String]?) throws -> [ListedFile] {
        guard let changedPaths else {
            var found: [ListedFile] = []
            try addFiles(of: folder, .root, &found)
            return found
        }
        let base = folder.path.components.isEmpty ? "" : folder.path.description + "/"
        return try changedPaths.compactMap { path in
            guard path.utf8.starts(with: base.utf8) else { return nil }
            let relative = String(decoding: path.utf8.dropFirst(base.utf8.count), as: UTF8.self)
            let rootPath = try folder.path.appending(ArtifactPath(relative))
            guard let opened = try? folder.root.open(rootPath) else { return nil }
            return ListedFile(path: relative, rootPath: rootPath, bytes: opened.size)
        }
    }

    private func addFiles(of folder: ForwardFolder, _ path: ArtifactPath, _ found: inout [ListedFile]) throws {
        for entry in try folder.root.list(path, relativeTo: folder.path) {
            let relative = try ArtifactPath(entry.path)
            if entry.isDirectory {
                try addFiles(of: folder, relative, &found)
            } else {
                let rootPath = try folder.path.appending(relative)
                found.append(ListedFile(path: entry.path, rootPath: rootPath, bytes: entry.size))
            }
        }
    }
}

extension ForwardState {
    /// Adds a run to those whose files have to be compared.
    ///
    /// If the run is among them already, a comparison that has begun may lack the newest file, so it is repeated.
    mutating func addFiles(ofRun row: Int64) {
        if !fileRuns.insert(row).inserted { renewedFileRuns.insert(row) }
    }

    /// Adds a logged model to those whose files have to be compared, as `addFiles(ofRun:)` does.
    mutating func addFiles(ofModel owner: FileOwner) {
        let id = owner.owner.id
        if fileModels.updateValue(owner, forKey: id) != nil { renewedFileModels.insert(id) }
    }

    /// Removes a run from those whose files have to be compared.
    mutating func endFiles(ofRun row: Int64) {
        fileRuns.remove(row)
        renewedFileRuns.remove(row)
        fileFailures = fileFailures.filter { !$0.value.rows.contains(row) }
    }

    /// The failures of runs' files, by the rows of the runs.
    fileprivate var fileFailuresOfRuns: [Int64: ItemFailure] {
        var found: [Int64: ItemFailure] = [:]
        for itemFailure in fileFailures.values { for row in itemFailure.rows { found[row] = itemFailure } }
        return found
    }
}
