package import Tracking

extension PostgresReadSession {
    package func findExperiments(_ search: ExperimentSearch) throws -> SearchCursor<Experiment> {
        try find(search).cursor
    }

    package func findRuns(_ search: RunSearch) throws -> SearchCursor<Run> { try find(search).cursor }

    package func findRegisteredModels(_ search: RegistrySearch) throws -> SearchCursor<RegisteredModel> {
        try find(RegistrySearchDescription<RegisteredModelTables>(search: search)).cursor
    }

    package func findModelVersions(_ search: RegistrySearch) throws -> SearchCursor<ModelVersion> {
        try find(RegistrySearchDescription<ModelVersionTables>(search: search)).cursor
    }

    package func findLoggedModels(_ search: LoggedModelSearch) throws -> SearchCursor<LoggedModel> {
        try find(search).cursor
    }
}
