internal import Identities
internal import SQLite
package import Tracking

/// Reads records for a transfer to another store. Metrics, params and tags are ordered by the bytes of their keys, so
/// that a store that has imported the records exports equal records.
extension ReadSession {
    /// Throws unless all experiments or runs that a subset names exist.
    ///
    /// - Throws: `.resourceDoesNotExist` for the first one that does not exist.
    package func require(_ subset: TransferSubset) throws {
        switch subset {
        case .everything: break
        case .experiments(let ids): for id in ids { _ = try storedExperiment(id, for: .read) }
        case .runs(let ids): for id in ids { _ = try runInfo(id, for: .read) }
        }
    }

    /// Reads runs with the latest point of each metric, in the order of `rows`.
    func transferredRuns(rows: [Int64]) throws -> [TransferredRun] {
        let deletedTimes = try connection.query(
            """
            SELECT runs.deleted_time
            FROM json_each(?1) AS page
            CROSS JOIN runs ON runs.id = page.value
            ORDER BY page.id
            """,
            jsonArray(rows)
        ).map { $0.optionalInt64(0) }
        var homes: [Int64: TransferredHome] = [:]
        return try runs(rows: rows).enumerated().map { index, run in
            var run = run
            run.modelInputs = try modelInputs(row: rows[index])
            run.metrics.sort { $0.key.precedes($1.key) }
            run.params.sort { $0.key.precedes($1.key) }
            run.tags.sort { $0.key.precedes($1.key) }
            run.datasetInputs.sort {
                $0.dataset.name.isExactly($1.dataset.name)
                    ? $0.dataset.digest.precedes($1.dataset.digest) : $0.dataset.name.precedes($1.dataset.name)
            }
            let home = try home(run.info.experimentID, &homes)
            return TransferredRun(run: run, home: home, deletedTime: deletedTimes[index])
        }
    }

    func transferredLoggedModels(rows: [Int64]) throws -> [TransferredLoggedModel] {
        var homes: [Int64: TransferredHome] = [:]
        return try loggedModelsWithoutMetrics(rows: rows).map { model in
            var model = model
            model.params.sort { $0.key.precedes($1.key) }
            model.tags.sort { $0.key.precedes($1.key) }
            return TransferredLoggedModel(model: model, home: try home(model.info.experimentID, &homes))
        }
    }

    func transferredRegisteredModels(rows: [Int64]) throws -> [TransferredRegisteredModel] {
        let lastVersions = try connection.query(
            """
            SELECT model.last_version
            FROM json_each(?1) AS page
            CROSS JOIN registered_models AS model ON model.id = page.value
            ORDER BY page.id
            """,
            jsonArray(rows)
        ).map { $0.int64(0) }
        return zip(try registeredModels(rows: rows), lastVersions).map { model, lastVersion in
            var model = model
            model.latestVersions = []
            return TransferredRegisteredModel(model: model, lastVersion: lastVersion)
        }
    }

    private func home(_ id: Int64, _ known: inout [Int64: TransferredHome]) throws -> TransferredHome {
        if let home = known[id] { return home }
        let experiment = try storedExperiment(id, for: .read)
        let home = TransferredHome(id: id, name: experiment.name, creationTime: experiment.creationTime)
        known[id] = home
        return home
    }
}

/// The position in a registered model's versions up to which they have been read.
struct RegistryPosition {
    let modelRow: Int64
    fileprivate(set) var isAtEnd = false
    fileprivate var after: Int64 = 0

    init(modelRow: Int64) {
        self.modelRow = modelRow
    }
}

extension ReadSession {
    /// Whether the client may read a version, provided that the client may read its registered model.
    func canRead(_ version: ModelVersion) -> Bool {
        permissions?.allows(
            .read,
            on: .version(ofModel: version.name, isPrompt: version.tags.contains(where: \.marksPrompt))
        ) ?? true
    }

    /// Reads the next versions, at most 100, in ascending order.
    func nextVersions(_ position: inout RegistryPosition) throws -> [TransferredModelVersion] {
        let limit = 100
        let found = try connection.query(
            """
            SELECT version.id, version.storage_location, model.creation_time
            FROM model_versions AS version
            JOIN registered_models AS model ON model.id = version.model_id
            WHERE version.model_id = ?1 AND version.version > ?2
            ORDER BY version.version
            LIMIT ?3
            """,
            position.modelRow,
            position.after,
            limit
        ).map { (row: $0.int64(0), location: $0.optionalString(1), modelCreationTime: $0.int64(2)) }
        let versions = zip(try connection.modelVersions(rows: found.map(\.row)), found).map { version, rest in
            TransferredModelVersion(
                version: version,
                storageLocation: rest.location,
                modelCreationTime: rest.modelCreationTime
            )
        }
        position.after = versions.last?.version.version ?? position.after
        position.isAtEnd = versions.count < limit
        return versions
    }
}

extension String {
    /// Whether the bytes of this text come before the bytes of another text, regardless of Unicode equivalence.
    func precedes(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}
