internal import Identities

/// Who has made a run, which decides whether an import may add to it.
package struct RunMaker: Sendable {
    package let owner: StorageOwner
    /// Whether the user or the token is still there.
    package let isThere: Bool
    package let isAdministrator: Bool

    /// What an import says about a run that the maker may have made to get what comes of the run with its id elsewhere.
    var reason: String {
        let name = shortened(owner.name)
        return switch (owner.kind, isThere) {
        case (.user, true): "by '\(name)', who is no admin and may have chosen the id"
        case (.user, false): "by '\(name)', who is no user any more and may have chosen the id"
        case (.token, true):
            "with the token '\(name)', which has not the scope admin, by somebody who may have chosen the id"
        case (.token, false): "with the token '\(name)', which is gone, by somebody who may have chosen the id"
        }
    }
}

extension RecordTaking {
    /// Throws for a run that somebody else made here who is no admin, or of whom that is no longer known.
    ///
    /// Who makes a run may choose its id, and would get to see what comes of the run that has it elsewhere. Who made a run is
    /// kept when a user or a token is gone. Then the run is the source's only if its experiment has come from there too:
    /// nobody but an import chooses the creation time of an experiment.
    /// - Parameters:
    ///   - home: nil if the sender does not tell it.
    ///   - experimentID: the experiment of the run here; nil if `home` is.
    func requireMaker(of run: RunHandle, in home: TransferredHome?, _ experimentID: Int64?) throws {
        guard let maker = try maker(of: run), maker.owner != caller.owner, !maker.isAdministrator else { return }
        if !maker.isThere, let stored = try experimentID.flatMap({ try creationTime(ofExperiment: $0) }),
            Experiment.isSame(createdAt: home?.creationTime, as: stored)
        {
            return
        }
        throw TrackingError(.permissionDenied, "a run with this id was made here \(maker.reason)")
    }
}

extension ChangingAccessTables {
    /// What is known about the maker of a run.
    package func maker(_ owner: StorageOwner) throws -> RunMaker {
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
        return RunMaker(owner: owner, isThere: found != nil, isAdministrator: found ?? false)
    }

    package func otherManager(ofExperiment id: Int64) throws -> String? {
        guard keepsAccess else { return nil }
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
