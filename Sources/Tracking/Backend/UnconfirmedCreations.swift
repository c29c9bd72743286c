internal import Budgets
internal import Identities

/// Remembers, in memory, the answers of creations whose clients may not have received them.
///
/// The number of answers and their age are limited, and answers that clients have received are dropped. Used only on the
/// writer's thread.
package final class UnconfirmedCreations {
    private struct Entry {
        let awaited: AwaitedAnswer
        let answer: any Sendable
        let time: ContinuousClock.Instant
    }

    private static let capacity = 512
    private static let lifetime = Duration.seconds(60)
    private static let minimumSizeToTidy = 64

    private var entries: [Creation.Fingerprint: Entry] = [:]
    private var uncommitted: [Creation.Fingerprint] = []
    /// The number of entries at which `tidy` runs.
    private var sizeToTidy = minimumSizeToTidy

    package init() {}

    /// Runs `make`, or returns the answer of an identical request of the last minute whose client disconnected before it
    /// received the answer.
    ///
    /// - Parameter canReturn: returns whether the entity still exists; throws if the client may no longer create or read it.
    package func answer<Answer: Sendable>(
        to creation: Creation,
        canReturn: (Answer) throws -> Bool,
        orMake make: () throws -> Answer
    ) throws -> Answer {
        let now = ContinuousClock.now
        // An answer that the client has received by now is not returned again.
        if let entry = entries[creation.fingerprint], entry.awaited.isLost, now - entry.time < Self.lifetime,
            let answer = entry.answer as? Answer, try canReturn(answer)
        {
            return answer
        }
        let answer = try make()
        if entries.count >= sizeToTidy { tidy(now) }
        entries[creation.fingerprint] = Entry(awaited: creation.answer, answer: answer, time: now)
        uncommitted.append(creation.fingerprint)
        return answer
    }

    package func commit() { uncommitted.removeAll(keepingCapacity: true) }

    /// Forgets the creations since the last commit, because the rollback has undone them.
    package func rollBack() {
        for fingerprint in uncommitted { entries[fingerprint] = nil }
        uncommitted.removeAll(keepingCapacity: true)
    }

    /// Drops expired entries and those whose answers were received, and the oldest ones if there are still too many.
    private func tidy(_ now: ContinuousClock.Instant) {
        entries = entries.filter { !$0.value.awaited.hasArrived && now - $0.value.time < Self.lifetime }
        if entries.count >= Self.capacity {
            let newest = entries.sorted { $0.value.time > $1.value.time }.prefix(Self.capacity / 2)
            entries = Dictionary(uniqueKeysWithValues: newest.map { ($0.key, $0.value) })
        }
        // `tidy` runs again when the number of entries has doubled, so its cost per creation is constant.
        sizeToTidy = min(max(Self.minimumSizeToTidy, entries.count * 2), Self.capacity)
    }
}

/// An entity that a request created, in the state in which it was created.
package enum CreatedEntity: Sendable {
    case experiment(Int64)
    case run(RunInfo)
    case loggedModel(LoggedModelInfo)
    case registeredModel(RegisteredModel)
    case modelVersion(ModelVersion)
}

/// A session for which the extension implements `TrackingWriting.canReturnAgain`, with the same rules for all stores; a store
/// only checks permissions and looks up entities.
package protocol CreationChecking: ChangingAccessTables {
    /// Throws unless the client may create versions of a registered model.
    func requireVersionCreation(ofModel name: String) throws
    /// Throws unless the entity exists and the client may read it; for a version, the client must be allowed to update its model.
    func requireStored(_ entity: CreatedEntity) throws
}

extension CreationChecking {
    package func canReturnAgain(_ entity: CreatedEntity) throws -> Bool {
        switch entity {
        case .experiment: try requireCreation(of: .experiment)
        case .run(let run):
            try requireCreation(of: .run)
            try requireExperiment(run.experimentID, for: .update)
        case .loggedModel(let model):
            try requireCreation(of: .loggedModel)
            try requireExperiment(model.experimentID, for: .update)
        case .registeredModel(let model):
            let isPrompt = model.tags.contains(where: \.marksPrompt)
            try requireCreation(of: isPrompt ? .prompt : .registeredModel, named: model.name)
        case .modelVersion(let version): try requireVersionCreation(ofModel: version.name)
        }
        do {
            try requireStored(entity)
            return true
        } catch let error as TrackingError where error.code == .resourceDoesNotExist {
            return false
        }
    }
}
