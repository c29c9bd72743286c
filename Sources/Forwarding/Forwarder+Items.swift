internal import ArtifactStore
internal import Budgets
internal import JSON
internal import Synchronization
internal import Tracking
internal import TrackingStore
internal import Transfer

/// Sends items: experiments, logged models and registered models. They are few and small, so a change of one of them
/// makes a round compare all of them with the journal.
extension Forwarder {
    private static let itemsAtOnce = 50

    /// Returns the id of an experiment at the upstream, and sends the experiment first if it is not there yet.
    func experiment(
        _ sourceExperiment: SourceExperiment,
        to upstream: any Upstream,
        _ upstreamID: Int64
    ) throws -> String {
        if let remoteID = state.withLock({ $0.experiments[sourceExperiment.id] }) { return remoteID }
        let experiment = try store.readNow(.cheap) { try $0.experiment(id: sourceExperiment.id) }
        return try send(experiment, to: upstream, upstreamID)
    }

    /// Calls `send` and tells it whether items must be sent in this round; if `send` throws, the next round sends the
    /// items again.
    func inItemRound(_ send: (_ sendsItems: Bool) throws -> Void) throws {
        // The flag is reset before anything is read: a change that a client makes later sets the flag for the next round.
        let sendsItems = state.withLock { state in
            state.isSendingItems = state.haveItemsChanged || state.areItemsDue
            state.haveItemsChanged = false
            return state.isSendingItems
        }
        defer { state.withLock { $0.isSendingItems = false } }
        do {
            try send(sendsItems)
        } catch {
            if sendsItems { recordItemChanges() }
            throw error
        }
    }

    func sendExperiments(to upstream: any Upstream, _ upstreamID: Int64) throws {
        var position = Int64.min
        while !isStopped {
            let experiments = try store.readNow(.continued) { [position] session in
                try session.experimentsToForward(after: position, limit: Self.itemsAtOnce)
            }
            guard let last = experiments.last else { break }
            position = last.id
            for experiment in experiments where settings.isSelected(experiment) {
                // The default experiment is sent only when it has tags or a run needs it.
                if experiment.id == 0, experiment.tags.isEmpty { continue }
                let name = ForwardState.ItemName(kind: .experiment, name: experiment.name)
                guard mayTry(name) else { continue }
                do {
                    _ = try send(experiment, to: upstream, upstreamID)
                } catch let failure as UpstreamFailure where failure.isAboutItem {
                    // The runs of the experiment report the refusal too.
                    let omission = Self.omission(experiment, failure)
                    try store.writeNow { try $0.note(omission, upstream: upstreamID) }
                } catch let failure as UpstreamFailure where !failure.isAboutServer {
                    // A failed experiment delays only its own runs; after several failures, the round skips the remaining ones.
                    guard postpone(name, failure) < ForwardState.failuresBeforePause else { return }
                }
            }
        }
    }

    private func send(_ experiment: Experiment, to upstream: any Upstream, _ upstreamID: Int64) throws -> String {
        let name = String(experiment.id)
        let digest = Self.digest([.experiment(experiment)])
        let journalEntry = try store.readNow(.cheap) { try $0.forwardedEntity(.experiment, name, upstream: upstreamID) }
        if let journalEntry, journalEntry.digest == digest {
            state.withLock { $0.experiments[experiment.id] = journalEntry.remoteID }
            return journalEntry.remoteID
        }
        if var attempt = journalEntry, !attempt.digest.isEmpty {
            // With an empty digest the experiment is sent again, even if it changes back before the next attempt.
            attempt.digest = ""
            try store.writeNow { [attempt] in try $0.note(attempt, .experiment, name, upstream: upstreamID) }
        }
        var omissions: [ForwardOmission] = []
        let remoteID: String
        do throws(UpstreamFailure) {
            let outcome = try upstream.send(experiment, journalEntry: journalEntry)
            remoteID = outcome.remoteID
            omissions = outcome.omissions.map { .init(subject: experiment.name, part: $0.part, reason: $0.reason) }
        } catch {
            // If the upstream has the experiment but refuses the change, the runs are sent to the unchanged experiment.
            guard let journalEntry, error.isAboutItem else { throw error }
            remoteID = journalEntry.remoteID
            omissions = [Self.omission(experiment, error)]
        }
        try requireUniqueRemoteID(remoteID, .experiment, name, upstreamID)
        try store.writeNow { [omissions] session in
            let item = ForwardedEntity(remoteID: remoteID, digest: digest)
            try session.forgetOmissions(ofExperiment: experiment.name, upstream: upstreamID)
            try session.note(item, .experiment, name, upstream: upstreamID)
            for omission in omissions { try session.note(omission, upstream: upstreamID) }
        }
        state.withLock { state in
            state.experiments[experiment.id] = remoteID
            state.itemFailures[ForwardState.ItemName(kind: .experiment, name: experiment.name)] = nil
        }
        recordSuccess()
        return remoteID
    }

    /// - Throws: a refusal if, according to the journal, another item of this kind has this id at the upstream.
    private func requireUniqueRemoteID(
        _ remoteID: String,
        _ kind: ForwardedKind,
        _ name: String,
        _ upstreamID: Int64
    ) throws {
        let other = try store.readNow(.cheap) { session in
            try session.forwardedName(kind, withRemoteID: remoteID, excluding: name, upstream: upstreamID)
        }
        guard let other else { return }
        let reason = "the upstream gives it the id \(remoteID), which \(kind.title) \(other) has already"
        throw UpstreamFailure(.refused, reason)
    }

    private static func omission(_ experiment: Experiment, _ failure: UpstreamFailure) -> ForwardOmission {
        ForwardOmission(subject: experiment.name, part: ForwardOmission.experiment, reason: failure.message)
    }

    /// Sends logged models and then the registry; an item that names runs waits until they have been sent.
    func sendModelsAndRegistry(to upstream: any Upstream, _ upstreamID: Int64) throws {
        try forgetFailuresOfRemovedItems()
        defer {
            state.withLock { state in
                var times = state.itemFailures.values.compactMap(\.backOff.nextTry)
                if state.hasItemRoundEndedEarly { times.append(.now + ForwardState.pauseAfterFailures) }
                state.itemsDue = times.min()
                state.hasItemRoundEndedEarly = false
            }
        }
        let areAllSent = try sendModels(to: upstream, upstreamID)
        if areAllSent, settings.selection == nil { try sendRegistry(to: upstream, upstreamID) }
    }

    /// - Returns: false if some logged models are left for a later round.
    private func sendModels(to upstream: any Upstream, _ upstreamID: Int64) throws -> Bool {
        var position = Int64.min
        var areAllSent = true
        while !isStopped {
            let models = try store.readNow(.continued) { [position] session in
                try session.modelsToForward(after: position, limit: Self.itemsAtOnce)
            }
            guard let last = models.last else {
                if !areAllSent { recordItemChanges() }
                return areAllSent
            }
            position = last.row
            for model in models where settings.isSelected(model.model) {
                let name = ForwardState.ItemName(kind: .loggedModel, name: model.model.model.info.modelID)
                guard mayTry(name) else { continue }
                do {
                    if try !send(model, to: upstream, upstreamID) { areAllSent = false }
                } catch let failure as UpstreamFailure where !failure.isAboutServer {
                    if postpone(name, failure) >= ForwardState.failuresBeforePause { return false }
                }
            }
        }
        // The forwarder was stopped before the last model.
        recordItemChanges()
        return false
    }

    /// Whether at least one of the runs is not at the upstream yet and will be sent.
    private func hasRunToBeSent(_ runIDs: Set<String>, _ upstreamID: Int64) throws -> Bool {
        let runs = try store.readNow(.continued) { session in
            let rows = try runIDs.compactMap { try session.rowOfRun($0) }.filter { row in
                try session.forwardedRunJournal(row: row, upstream: upstreamID)?.remoteID == nil
            }
            return try session.forwardedRuns(rows: rows, upstream: upstreamID)
        }
        return runs.contains { settings.isSelected($0) && !$0.journal.isSkipped && $0.journal.failure == nil }
    }

    /// - Returns: false if the model waits for a run that it names, or for an earlier creation without an answer.
    private func send(_ found: ForwardedModel, to upstream: any Upstream, _ upstreamID: Int64) throws -> Bool {
        let info = found.model.model.info
        let digest = Self.digest([.loggedModel(found.model)]) + found.pointsFingerprint
        let journalEntry = try store.readNow(.cheap) {
            try $0.forwardedEntity(.loggedModel, info.modelID, upstream: upstreamID)
        }
        var item = journalEntry
        if journalEntry?.digest != digest {
            guard !mayStillBeCreated(journalEntry, upstream) else { return false }
            let points = try store.readNow(.continued) { try $0.pointsToForward(ofModel: info.modelID) }
            let runIDs = Set(points.map(\.runID)).union([info.sourceRunID])
            guard try !hasRunToBeSent(runIDs, upstreamID) else { return false }
            let experiment = try experiment(found.model.experiment, to: upstream, upstreamID)
            let parcel = ModelParcel(model: found.model, points: points, experiment: experiment)
            item = try sendAndRecord(.loggedModel, info.modelID, journalEntry, digest, upstreamID) {
                entry throws(UpstreamFailure) in
                try upstream.send(parcel, journalEntry: entry)
            }
        }
        guard let item, !item.remoteID.isEmpty, let folder = settings.folder(info.artifactURI) else { return true }
        let path = folder.path.description
        let entry = try store.readNow(.cheap) { try $0.newestArtifactEntry(beneath: path) }
        guard item.comparedArtifactEntry != entry else { return true }
        let owner = FileOwner(owner: .loggedModel(info.modelID), remoteID: item.remoteID, location: info.artifactURI)
        state.withLock { $0.addFiles(ofModel: owner) }
        return true
    }

    private func sendRegistry(to upstream: any Upstream, _ upstreamID: Int64) throws {
        var position = Int64.min
        var isWaitingForRun = false
        while !isStopped {
            let entries = try store.readNow(.continued) { [position] session in
                try session.registryToForward(after: position, limit: 10)
            }
            guard let last = entries.last else {
                if isWaitingForRun { recordItemChanges() }
                return
            }
            position = last.row
            for entry in entries {
                let name = entry.model.model.name
                let itemName = ForwardState.ItemName(kind: .registeredModel, name: name)
                guard mayTry(itemName) else { continue }
                let digest = Self.digest([.registeredModel(entry.model)] + entry.versions.map { .modelVersion($0) })
                let journalEntry = try store.readNow(.cheap) {
                    try $0.forwardedEntity(.registeredModel, name, upstream: upstreamID)
                }
                guard journalEntry?.digest != digest else { continue }
                guard !mayStillBeCreated(journalEntry, upstream) else {
                    isWaitingForRun = true
                    continue
                }
                // The source of a version cannot be changed later, so the logged model that it names is sent first.
                if entry.versions.contains(where: { isPostponed($0.version) }) { continue }
                guard try !hasRunToBeSent(Set(entry.versions.map(\.version.runID)), upstreamID) else {
                    isWaitingForRun = true
                    continue
                }
                let parcel = RegistryParcel(model: entry.model, versions: entry.versions)
                do {
                    _ = try sendAndRecord(.registeredModel, name, journalEntry, digest, upstreamID) {
                        entry throws(UpstreamFailure) in
                        try upstream.send(parcel, journalEntry: entry)
                    }
                } catch let failure as UpstreamFailure where !failure.isAboutServer {
                    if postpone(itemName, failure) >= ForwardState.failuresBeforePause { return }
                }
            }
        }
        recordItemChanges()
    }

    /// Whether the logged model that is a version's source has failed and waits for another attempt.
    private func isPostponed(_ version: ModelVersion) -> Bool {
        guard let model = ReferenceText.modelID(ofSource: version.source) else { return false }
        return state.withLock { $0.itemFailures[ForwardState.ItemName(kind: .loggedModel, name: model)] != nil }
    }

    /// Forgets the failures of items that this store no longer has.
    private func forgetFailuresOfRemovedItems() throws {
        let names = state.withLock { Array($0.itemFailures.keys) }
        guard !names.isEmpty else { return }
        let removed = try store.readNow(.cheap) { session in try names.filter { try !session.existsLocally($0.name) } }
        state.withLock { state in for name in removed { state.itemFailures[name] = nil } }
    }

    /// Whether an item may be sent now: it has not failed, or its pause after a failure is over.
    private func mayTry(_ name: ForwardState.ItemName) -> Bool {
        state.withLock { $0.itemFailures[name]?.backOff.isDue(at: .now) ?? true }
    }

    /// Sets a pause before the next attempt for an item that failed although the upstream answers other calls.
    ///
    /// - Returns: the number of items of this kind that have failed and wait.
    private func postpone(_ name: ForwardState.ItemName, _ failure: UpstreamFailure) -> Int {
        return state.withLock { state in
            state.status.failures[failure.kind, default: 0] += 1
            var itemFailure = state.itemFailures[name] ?? .init(failure: failure, part: name.kind.title)
            itemFailure.failure = failure
            itemFailure.backOff.fail(at: .now, requested: failure.pause)
            state.itemFailures[name] = itemFailure
            if let nextTry = itemFailure.backOff.nextTry { state.itemsDue = min(state.itemsDue ?? nextTry, nextTry) }
            let count = state.itemFailures.keys.count { $0.kind == name.kind }
            if count >= ForwardState.failuresBeforePause { state.hasItemRoundEndedEarly = true }
            return count
        }
    }

    /// Whether an earlier creation got no answer and the upstream may still carry it out, so that the item cannot be found yet.
    private func mayStillBeCreated(_ journalEntry: ForwardedEntity?, _ upstream: any Upstream) -> Bool {
        guard upstream.mayCreateTwice, let time = journalEntry?.unansweredTime else { return false }
        return SentRun.pause(afterCreationAt: time, at: currentMilliseconds()) != nil
    }

    /// Calls `send` with the journal's entry, or with nil if the entry has no id of the upstream, and writes the outcome there.
    ///
    /// A refusal is noted too, with an empty id if the upstream does not have the item; the item is sent again when it changes.
    private func sendAndRecord(
        _ kind: ForwardedKind,
        _ name: String,
        _ journalEntry: ForwardedEntity?,
        _ digest: String,
        _ upstreamID: Int64,
        _ send: (ForwardedEntity?) throws(UpstreamFailure) -> ItemOutcome
    ) throws -> ForwardedEntity {
        var item = journalEntry ?? ForwardedEntity(remoteID: "", digest: "")
        var omissions: [ForwardOmission] = []
        // From now on the upstream may have the item, in its old or in its new state.
        item.digest = ForwardedEntity.digest(ofAttemptAt: currentMilliseconds())
        try store.writeNow { [item] in try $0.note(item, kind, name, upstream: upstreamID) }
        item.digest = digest
        do {
            let outcome: ItemOutcome
            do throws(UpstreamFailure) {
                outcome = try send(journalEntry?.remoteID.isEmpty == true ? nil : journalEntry)
            } catch {
                if !error.isAboutItem, !error.mayBeCarriedOut {
                    item.digest = ""
                    try store.writeNow { [item] in try $0.note(item, kind, name, upstream: upstreamID) }
                }
                throw error
            }
            if !outcome.remoteID.isEmpty { try requireUniqueRemoteID(outcome.remoteID, kind, name, upstreamID) }
            item.remoteID = outcome.remoteID
            item.failure = nil
            omissions = outcome.omissions.map { ForwardOmission(subject: name, part: $0.part, reason: $0.reason) }
            recordSuccess()
        } catch let error as UpstreamFailure where error.isAboutItem {
            item.failure = error.message
            omissions = [ForwardOmission(subject: name, part: kind.title, reason: error.message)]
            state.withLock { state in
                state.status.failures[error.kind, default: 0] += 1
                state.status.lastProgress = .now
            }
        }
        try store.writeNow { [item, omissions] session in
            try session.forgetOmissions(ofModel: name, upstream: upstreamID)
            try session.note(item, kind, name, upstream: upstreamID)
            for omission in omissions { try session.note(omission, upstream: upstreamID) }
        }
        state.withLock { state in
            state.itemFailures[ForwardState.ItemName(kind: kind, name: name)] = nil
            // Runs that name the model need not wait longer, whatever the outcome is.
            if kind == .loggedModel { state.endWait(for: name, at: .now) }
        }
        return item
    }

    private static func digest(_ records: [TransferRecord]) -> String {
        var fingerprint = Fingerprint()
        for record in records {
            var writer = JSONWriter(capacity: 512)
            writer.record(record)
            fingerprint.add(String(decoding: writer.takeBytes(), as: UTF8.self))
        }
        return fingerprint.text
    }
}

extension ForwardedKind {
    /// The name of the kind in messages.
    var title: String {
        switch self {
        case .experiment: ForwardOmission.experiment
        case .loggedModel: "logged model"
        case .registeredModel: "registered model"
        case .modelVersion: "version"
        }
    }
}
