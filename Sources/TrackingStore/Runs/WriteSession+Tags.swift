internal import SQLite
package import Tracking

extension WriteSession {
    /// Sets one tag of a run; the tag of the run's name renames the run.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown run, `.invalidParameterValue` for a deleted one.
    package func setTag(_ tag: Tag, runID: String) throws {
        let run = try activeRunRow(runID)
        try setTag(tag, runRow: run.id)
    }

    /// - Throws: `.resourceDoesNotExist` when the run or its tag does not exist.
    package func deleteTag(key: String, runID: String) throws {
        let run = try activeRunRow(runID)
        try connection.run(
            "DELETE FROM run_tags WHERE run_id = ?1 AND key_id = (SELECT id FROM keys WHERE name = ?2)",
            run.id,
            key
        )
        guard connection.changes > 0 else {
            throw TrackingError.doesNotExist("No tag with name: \(shortened(key)) in run with id \(runID)")
        }
    }

    func setTag(_ tag: Tag, runRow: Int64) throws {
        guard tag.key == Tag.runNameKey else {
            try upsertTag(tag, runRow: runRow)
            return
        }
        // As in the reference, an empty name is no name: neither the run nor its tag changes.
        guard !tag.value.isEmpty else { return }
        try renameRun(runRow, to: tag.value)
    }

    func upsertTag(_ tag: Tag, runRow: Int64) throws {
        let upsert = statements.upsertTag
        try upsert.bind(runRow, at: 1)
        try upsert.bind(try keyID(for: tag.key), at: 2)
        try upsert.bind(tag.value, at: 3)
        try upsert.run()
    }

    /// Sets a run's name and the tag that carries it.
    func renameRun(_ runRow: Int64, to name: String) throws {
        try connection.run("UPDATE runs SET name = ?2 WHERE id = ?1", runRow, name)
        try upsertTag(Tag(key: Tag.runNameKey, value: name), runRow: runRow)
    }

    /// The value of one tag of a run; nil when it is not set.
    func tagValue(key: String, runRow: Int64) throws -> String? {
        let select = try connection.query(
            "SELECT value FROM run_tags WHERE run_id = ?1 AND key_id = (SELECT id FROM keys WHERE name = ?2)",
            runRow,
            key
        )
        defer { select.reset() }
        return try select.step() ? select.string(0) : nil
    }
}

extension WriteSession {
    /// Adds one model to the JSON list in the tag by which older clients find the models of a run.
    ///
    /// - Parameter model: a JSON object.
    /// - Throws: `.resourceDoesNotExist` for an unknown run, `.invalidParameterValue` for a deleted one, and when the
    ///   tag holds no list.
    package func appendLoggedModel(_ model: String, runID: String) throws {
        let run = try activeRunRow(runID)
        var list = "[\(model)]"
        if let stored = try tagValue(key: Tag.loggedModelsKey, runRow: run.id) {
            guard stored.hasPrefix("["), stored.hasSuffix("]") else {
                throw TrackingError.invalidParameter(
                    "The tag '\(Tag.loggedModelsKey)' of run \(runID) is not a JSON list; delete it and log the model again."
                )
            }
            let models = stored.dropFirst().dropLast()
            if !models.allSatisfy(\.isWhitespace) { list = "[\(models), \(model)]" }
        }
        let tag = try validatedTag(Tag(key: Tag.loggedModelsKey, value: list), longValues: .refuse)
        try upsertTag(tag, runRow: run.id)
    }
}
