package import Tracking
package import TrackingStore

/// One page of a search, all of it at once.
package struct Page<Item: Sendable>: Sendable {
    package var items: [Item]
    package var nextPageToken: String?
}

extension SearchCursor {
    /// All that the page holds.
    package func page(in session: ReadSession) throws -> Page<Entity> {
        Page(items: try whole(in: session), nextPageToken: nextPageToken)
    }
}

extension ReadSession {
    package func searchRuns(_ search: RunSearch) throws -> Page<Run> { try findRuns(search).page(in: self) }

    package func searchLoggedModels(_ search: LoggedModelSearch) throws -> Page<LoggedModel> {
        try findLoggedModels(search).page(in: self)
    }

    package func searchExperiments(_ search: ExperimentSearch) throws -> Page<Experiment> {
        try findExperiments(search).page(in: self)
    }

    package func searchRegisteredModels(_ search: RegistrySearch) throws -> Page<RegisteredModel> {
        try findRegisteredModels(search).page(in: self)
    }

    package func searchModelVersions(_ search: RegistrySearch) throws -> Page<ModelVersion> {
        try findModelVersions(search).page(in: self)
    }

    package func searchArtifactJournal(_ query: ArtifactJournalQuery) throws -> Page<ArtifactJournalEntry> {
        try findArtifactEvents(query).page(in: self)
    }
}
