internal import Identities
internal import SQLite
internal import Tracking

extension WriteSession {
    /// - Returns: the id of the experiment in this store.
    func importRecord(_ experiment: Experiment, _ report: inout TransferReport) throws -> Int64 {
        let holderOfID = try holder("id = ?1", experiment.id)
        let holderOfName = try holder("name = ?1", experiment.name)
        switch ExperimentDestination.find(for: experiment, holderOfID: holderOfID, holderOfName: holderOfName) {
        case .new(let keepsID):
            try requireCreation(of: .experiment)
            let id = try insert(experiment, id: keepsID ? experiment.id : nil)
            for tag in experiment.tags { try connection.upsert(tag, in: .experiments, of: id) }
            report.count(.experiment) { $0.added += 1 }
            report.note(experiment, hasID: id)
            return id
        case .unused(let id):
            try replaceUnused(experiment, id: id, &report)
            return id
        case .existing(let id):
            let stored = try storedExperiment(id, for: .update)
            let tags = try complete(experiment.tags, in: .experiments, of: id)
            report.count(.experiment) { $0.note(isCompleted: tags.isCompleted) }
            report.remark(
                .experiment,
                experiment.name,
                differences: experiment.differences(from: stored),
                tags: tags.conflicts
            )
            if stored.creationTime != experiment.creationTime, let manager = try otherManager(ofExperiment: id) {
                report.remark(
                    .experiment,
                    experiment.name,
                    "joined to the experiment of this name that '\(shortened(manager))' manages here: who may read that one reads "
                        + "what comes"
                )
            }
            report.note(experiment, hasID: id)
            return id
        }
    }

    private func insert(_ experiment: Experiment, id: Int64?) throws -> Int64 {
        try connection.run(
            """
            INSERT INTO experiments (id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """,
            id,
            experiment.name,
            experiment.artifactLocation,
            experiment.lifecycleStage.storedValue,
            experiment.creationTime,
            experiment.lastUpdateTime
        )
        let id = connection.lastInsertRowID
        let location = experiment.location(movingTo: id, beneath: artifactRoot)
        if id != experiment.id || experiment.artifactLocation.isEmpty {
            try connection.run("UPDATE experiments SET artifact_location = ?2 WHERE id = ?1", id, location)
        }
        return id
    }

    /// Replaces the unused Default experiment by the imported experiment, but keeps its id.
    private func replaceUnused(_ experiment: Experiment, id: Int64, _ report: inout TransferReport) throws {
        let stored = try storedExperiment(id, for: .update)
        var moved = experiment
        moved.artifactLocation = experiment.location(movingTo: id, beneath: artifactRoot)
        let isSame =
            stored.name.isExactly(moved.name) && stored.artifactLocation.isExactly(moved.artifactLocation)
            && stored.lifecycleStage == moved.lifecycleStage && stored.creationTime == moved.creationTime
            && stored.lastUpdateTime == moved.lastUpdateTime && moved.tags.isEmpty
        report.count(.experiment) { $0.note(isCompleted: !isSame) }
        guard !isSame else { return }
        try connection.run(
            """
            UPDATE experiments
            SET name = ?2, artifact_location = ?3, lifecycle_stage = ?4, creation_time = ?5, last_update_time = ?6
            WHERE id = ?1
            """,
            id,
            moved.name,
            moved.artifactLocation,
            moved.lifecycleStage.storedValue,
            moved.creationTime,
            moved.lastUpdateTime
        )
        for tag in moved.tags { try connection.upsert(tag, in: .experiments, of: id) }
        report.note(experiment, hasID: id)
    }

    /// Returns the user who manages an experiment by an own grant, as its creator does, and is no admin; nil if there is none or
    /// that user is the client.
    private func otherManager(ofExperiment id: Int64) throws -> String? {
        let name = try connection.query(
            """
            SELECT users.name FROM role_permissions AS permission
            JOIN roles ON roles.id = permission.role_id
            JOIN users ON users.id = roles.user_id AND NOT users.is_admin
            WHERE permission.resource_type = 'experiment' AND permission.resource_pattern = ?1
                AND permission.permission = 'MANAGE'
            ORDER BY permission.id LIMIT 1
            """,
            String(id)
        ).firstRow { $0.string(0) }
        return name.flatMap { caller.owner == StorageOwner(.user, $0) ? nil : $0 }
    }

    private func holder(_ condition: StaticString, _ value: any Bindable) throws -> ExperimentDestination.Holder? {
        try connection.query(
            """
            SELECT id, creation_time, id = 0 AND creation_time = last_update_time
                AND NOT EXISTS (SELECT 1 FROM experiment_tags WHERE experiment_id = experiments.id)
                AND NOT EXISTS (SELECT 1 FROM runs WHERE experiment_id = experiments.id)
                AND NOT EXISTS (SELECT 1 FROM logged_models WHERE experiment_id = experiments.id)
            FROM experiments
            WHERE \(condition)
            """,
            value
        ).firstRow { ExperimentDestination.Holder(id: $0.int64(0), creationTime: $0.int64(1), isUnused: $0.bool(2)) }
    }

    /// Returns the id, in this store, of the experiment that an imported run or model belongs to.
    ///
    /// - Throws: `.resourceDoesNotExist` if the experiment is not stored, `.permissionDenied` if the client may not change it.
    func experimentID(of home: TransferredHome, _ course: TransferCourse) throws -> Int64 {
        if let known = course.experiments[ExactText(home.name)] { return try storedExperiment(known, for: .update).id }
        let named = try connection.query("SELECT id FROM experiments WHERE name = ?1", home.name).firstRow {
            $0.int64(0)
        }
        if let named { return try storedExperiment(named, for: .update).id }
        // The experiment may have been renamed, here or there. Only its creation time tells it from another one.
        let stored = try home.id == Experiment.noID ? nil : creationTime(ofExperiment: home.id)
        guard let stored, Experiment.isSame(createdAt: home.creationTime, as: stored) else {
            throw TrackingError.doesNotExist("No experiment is named '\(shortened(home.name))'")
        }
        return try storedExperiment(home.id, for: .update).id
    }

    /// Returns nil if there is no such experiment.
    func creationTime(ofExperiment id: Int64) throws -> Int64? {
        try connection.query("SELECT creation_time FROM experiments WHERE id = ?1", id).firstRow { $0.int64(0) }
    }
}

extension TransferReport {
    fileprivate mutating func note(_ experiment: Experiment, hasID id: Int64) {
        guard id != experiment.id, experiment.id != Experiment.noID else { return }
        mappings.append(ExperimentMapping(source: experiment.id, id: id, name: experiment.name))
    }
}
