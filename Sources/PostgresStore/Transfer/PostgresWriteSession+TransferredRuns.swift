internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresWriteSession {
    package func runToChange(_ runID: String) throws -> RunInfo? {
        guard let run = importBatch.runs[ExactText(runID)], !hides(experiment: run.experimentID) else { return nil }
        try require(.update, on: .run(inExperiment: run.experimentID), orThrow: .runNotFound(runID))
        return run
    }

    package func info(of run: RunInfo, id: String) -> RunInfo { importBatch.runs[ExactText(id)] ?? run }

    package func creator(of run: RunInfo) throws -> RunCreator? {
        try importBatch.creators[ExactText(run.runID)].map { try creator($0) }
    }

    package func add(_ transferred: TransferredRun) throws -> RunInfo {
        let info = transferred.run.info
        try columnLimits?.require(["runs.artifact_uri": info.artifactURI])
        try countRunAgainstQuotas()
        // The row is sent later, with those of other runs, but the run is counted already: if the request fails from here on, the
        // transaction must be rolled back.
        try noteChange()
        countOwnRun()
        importBatch.runs[ExactText(info.runID)] = info
        importBatch.newRuns.insert(ExactText(info.runID))
        importBatch.unsentRuns.append(info.runID)
        importBatch.runRows.append([
            .text(info.runID), .integer(info.experimentID), .text(info.name), .text(info.userID),
            .text(info.status.wireName), .integer(info.startTime), info.endTime.postgresValue,
            transferred.deletedTime.postgresValue, .text(info.lifecycleStage.wireName), .text(info.artifactURI),
        ])
        noteAddedRun(info.runID)
        return info
    }

    package func end(_ run: RunInfo, as info: RunInfo) throws {
        if importBatch.newRuns.contains(ExactText(run.runID)) { try sendRuns() }
        let update = "UPDATE runs SET status = $2, end_time = $3 WHERE run_uuid = $1"
        try change(update, run.runID, info.status.wireName, info.endTime)
        importBatch.runs[ExactText(run.runID)]?.status = info.status
        importBatch.runs[ExactText(run.runID)]?.endTime = info.endTime
    }

    /// Sends the runs that were collected in `importBatch`.
    func sendRuns() throws {
        try change(
            """
            INSERT INTO runs (run_uuid, experiment_id, name, user_id, status, start_time, end_time, deleted_time,
                lifecycle_stage, artifact_uri, source_type, source_name, entry_point_name, source_version)
            SELECT *, 'UNKNOWN', '', '', '' FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::text[],
                $6::bigint[], $7::bigint[], $8::bigint[], $9::text[], $10::text[])
            """,
            rows: importBatch.runRows
        )
        try recordOwner(ofRuns: importBatch.unsentRuns, mayHaveOldOwners: true)
        (importBatch.runRows, importBatch.unsentRuns) = ([], [])
    }

    package func addMissing(_ params: [Param], to run: RunInfo) -> MergeResult {
        var result = MergeResult()
        for param in params {
            let key = RunKey(run.runID, param.key)
            guard let stored = importBatch.params[key] else {
                importBatch.params[key] = param.value
                importBatch.rows.params.append((key, param.value))
                result.hasAdditions = true
                continue
            }
            if !stored.isExactly(param.value) { result.conflicts.append(param.key) }
        }
        return result
    }

    package func addMissing(_ tags: [Tag], to run: RunInfo) -> MergeResult {
        let missing = MissingTags(tags, stored: importBatch.tags[ExactText(run.runID)] ?? [])
        importBatch.tags[ExactText(run.runID), default: []] += missing.tags
        for tag in missing.tags { importBatch.rows.tags[RunKey(run.runID, tag.key)] = tag.value }
        return MergeResult(missing)
    }

    package func addMissingLinks(of record: Run, to run: RunInfo) throws -> Bool {
        var isAnyNew = false
        for input in record.datasetInputs {
            let dataset = try datasetID(input.dataset, experimentID: run.experimentID)
            if try link(dataset: dataset, tags: input.tags, runID: run.runID) { isAnyNew = true }
        }
        func linkRow(_ kind: String, _ modelID: String, step: Int64) -> [PostgresValue] {
            let (source, destination) = ("RUN_\(kind)", "MODEL_\(kind)")
            return [makeRunID(), source, run.runID, destination, modelID].map { .text($0) } + [.integer(step)]
        }
        let inputs = record.modelInputs.map { linkRow("INPUT", $0.modelID, step: 0) }
        let outputs = record.modelOutputs.map { linkRow("OUTPUT", $0.modelID, step: $0.step) }
        let insertion = """
            INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step)
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
            ON CONFLICT DO NOTHING
            """
        guard !importBatch.newRuns.contains(ExactText(run.runID)) else {
            try change(insertion, rows: inputs + outputs)
            return true
        }
        return try changed(insertion, rows: inputs + outputs) > 0 || isAnyNew
    }

    package func add(_ points: TransferredPoints, to run: RunInfo, _ report: inout TransferReport) {
        let key = RunKey(run.runID, points.key)
        for point in points.points { importBatch.rows.add(point, key) }
    }
}
