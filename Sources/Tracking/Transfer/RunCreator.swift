internal import Identities

/// Who created a run, which decides whether an import may add to it.
package struct RunCreator: Sendable {
    package let owner: StorageOwner
    /// Whether the user or the token still exists.
    package let exists: Bool
    package let isAdministrator: Bool

    /// The creator as the subject of a sentence.
    fileprivate var description: String {
        let name = shortened(owner.name)
        return switch (owner.kind, exists) {
        case (.user, true): "the user '\(name)', who is not an admin,"
        case (.user, false): "the deleted user '\(name)'"
        case (.token, true): "a client with the token '\(name)', which does not have the scope admin,"
        case (.token, false): "a client with the deleted token '\(name)'"
        }
    }
}

extension RecordImporting {
    /// Throws if another client created the stored run, unless that client is an admin; accepts a run without a recorded creator.
    ///
    /// A client that creates a run can choose its id. If the client chose the id of a run at the source, the next import would
    /// add the data of that run to the client's run. The creator of a run stays recorded after the user or token was deleted,
    /// but then it is unknown whether the creator was an admin. Such a run is accepted only if the stored experiment has the
    /// creation time of the source's experiment, because only an import can set that time.
    /// - Parameters:
    ///   - sourceExperiment: nil if the record does not say to which experiment the run belongs at the source.
    ///   - experimentID: the experiment of the stored run; nil if `sourceExperiment` is nil.
    func requireTrustedCreator(
        of run: RunHandle,
        importedFrom sourceExperiment: SourceExperiment?,
        to experimentID: Int64?
    ) throws {
        guard let creator = try creator(of: run), creator.owner != caller.owner, !creator.isAdministrator else {
            return
        }
        if !creator.exists, let stored = try experimentID.flatMap({ try creationTime(ofExperiment: $0) }),
            Experiment.isSame(createdAt: sourceExperiment?.creationTime, as: stored)
        {
            return
        }
        throw TrackingError(
            .permissionDenied,
            "\(creator.description) created a run with this id on this server and may have chosen the id to get the "
                + "imported data; to import the run, first delete the stored one and remove it permanently (apus gc)"
        )
    }
}

extension ChangingAccessTables {
    /// Returns what is known about the creator of a run.
    package func creator(_ owner: StorageOwner) throws -> RunCreator {
        let found: Bool? =
            switch owner.kind {
            case .user:
                try firstTableRow(
                    "SELECT is_admin FROM \(table("users")) WHERE name = ?1",
                    values: [.text(owner.name)]
                ) { $0.flag(0) }
            case .token:
                try firstTableRow(
                    "SELECT scope FROM \(table("access_tokens")) WHERE name = ?1 AND coalesce(user_id, 0) = 0",
                    values: [.text(owner.name)]
                ) { $0.int64(0) == AccessScope.admin.storedValue }
            }
        return RunCreator(owner: owner, exists: found != nil, isAdministrator: found ?? false)
    }

    package func otherManager(ofExperiment id: Int64) throws -> String? {
        guard hasAccessTables else { return nil }
        let name = try firstTableRow(
            """
            SELECT users.name FROM \(table("role_permissions")) AS permission
            JOIN \(table("roles")) AS roles ON roles.id = permission.role_id
            JOIN \(table("users")) AS users ON users.id = roles.user_id AND users.is_admin = 0
            WHERE permission.resource_type = 'experiment' AND permission.resource_pattern = ?1
                AND permission.permission = 'MANAGE'
            ORDER BY permission.id LIMIT 1
            """,
            values: [.text(String(id))]
        ) { $0.string(0) }
        return name.flatMap { caller.owner == StorageOwner(.user, $0) ? nil : $0 }
    }
}
