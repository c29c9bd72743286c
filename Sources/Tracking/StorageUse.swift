/// The amount of data that one owner has stored.
package struct StorageUse: Sendable, Equatable {
    /// Nil for data stored while the server did not require clients to identify themselves.
    package var owner: StorageOwner?
    /// The sum of the sizes of the artifacts.
    package var artifactBytes: Int64 = 0
    /// The number of artifacts.
    package var artifacts: Int64 = 0
    /// The number of runs, including deleted ones that are not removed permanently.
    package var runs: Int64 = 0
    /// Increases with each change of the sums, if several servers can use the database; otherwise 0.
    package var version: Int64 = 0

    package init(owner: StorageOwner?) { self.owner = owner }
}

extension TrackingReading {
    /// What each owner has stored, according to the sums that are compared with quotas.
    package func storageUse() throws -> [StorageUse] { try storageUse(checksRuns: false) }
}

/// The amount of data that is stored in total, and by each known owner.
package struct StorageReport: Sendable, Equatable {
    package let server: StorageUse
    package let clients: [StorageUse]

    package init(server: StorageUse, clients: [StorageUse]) {
        self.server = server
        self.clients = clients
    }

    /// - Parameters:
    ///   - use: one element for each owner, and one for data whose owner is not known.
    ///   - runs: the total number of runs, which may exceed the sum in `use`, because the owners of some runs are not known.
    package init(of use: [StorageUse], runs: Int64) {
        var server = StorageUse(owner: nil)
        server.artifactBytes = use.reduce(0) { $0 + $1.artifactBytes }
        server.artifacts = use.reduce(0) { $0 + $1.artifacts }
        server.runs = runs
        self.init(server: server, clients: use.filter { $0.owner != nil })
    }
}

/// A change of the number of bytes that an owner has stored; negative for a decrease.
package struct StoredChange: Sendable, Equatable {
    /// Nil for data whose owner is not known.
    package let owner: StorageOwner?
    package let bytes: Int64

    package init(owner: StorageOwner?, bytes: Int64) {
        self.owner = owner
        self.bytes = bytes
    }
}

/// The maximum numbers of stored runs; nil for no limit.
package struct RunQuota: Sendable, Equatable {
    /// The maximum number of runs of one owner.
    package var client: Int64?
    /// The maximum number of all runs together.
    package var server: Int64?

    package init(client: Int64? = nil, server: Int64? = nil) {
        self.client = client
        self.server = server
    }
}

extension TrackingError {
    package static func runQuotaSpent(of owner: StorageOwner, _ limit: Int64) -> TrackingError {
        TrackingError(
            .quotaExceeded,
            "'\(shortened(owner.name))' has as many runs as one token or user may have on this server: \(limit) (--client-runs). "
                + "Delete runs and have the operator remove them with `apus gc`, or raise the limit."
        )
    }

    package static func serverRunQuotaSpent(_ limit: Int64) -> TrackingError {
        TrackingError(
            .quotaExceeded,
            "The server has as many runs as it may have: \(limit) (--server-runs). Delete runs and have the operator "
                + "remove them with `apus gc`, or raise the limit."
        )
    }
}
