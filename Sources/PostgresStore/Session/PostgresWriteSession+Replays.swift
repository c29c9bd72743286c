package import Tracking

extension PostgresWriteSession {
    package func once<Answer: Sendable>(
        _ creation: Creation,
        stands: (Answer) throws -> Bool,
        _ make: () throws -> Answer
    ) throws -> Answer {
        try creations.answer(to: creation, stands: stands, make)
    }

    // Every client may do everything here, so that it only matters whether what was made is still there.

    package func stands(experiment id: Int64) throws -> Bool { try exists { _ = try storedExperiment(id) } }

    package func stands(_ run: RunInfo) throws -> Bool { try exists { _ = try storedRun(run.runID) } }

    package func stands(_ model: LoggedModelInfo) throws -> Bool {
        try exists { _ = try storedLoggedModel(model.modelID) }
    }

    package func stands(_ model: RegisteredModel) throws -> Bool {
        try exists { try requireRegisteredModel(model.name) }
    }

    package func stands(_ version: ModelVersion) throws -> Bool {
        try exists { _ = try storedVersion(ModelVersionKey(name: version.name, version: String(version.version))) }
    }

    private func exists(_ lookUp: () throws -> Void) throws -> Bool {
        do {
            try lookUp()
            return true
        } catch let error as TrackingError where error.code == .resourceDoesNotExist {
            return false
        }
    }
}
