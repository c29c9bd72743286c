/// What one identity has stored.
package struct StorageUse: Sendable, Equatable {
    /// The name of a token or a user; nil for what was stored while nobody was asked.
    package var owner: String?
    /// The sizes of artifacts as they are stored.
    package var artifactBytes: Int64 = 0
    package var artifacts: Int64 = 0
    /// Runs that are not removed for good.
    package var runs: Int64 = 0

    package init(owner: String?) {
        self.owner = owner
    }
}

/// What is stored in all, and by those of whom that is known.
package struct StorageReport: Sendable, Equatable {
    package let server: StorageUse
    package let clients: [StorageUse]

    package init(server: StorageUse, clients: [StorageUse]) {
        self.server = server
        self.clients = clients
    }

    /// - Parameter runs: how many there are in all; the creators of some are not known.
    package init(of use: [StorageUse], runs: Int64) {
        var server = StorageUse(owner: nil)
        server.artifactBytes = use.reduce(0) { $0 + $1.artifactBytes }
        server.artifacts = use.reduce(0) { $0 + $1.artifacts }
        server.runs = runs
        self.init(server: server, clients: use.filter { $0.owner != nil })
    }
}

/// By how many bytes more or less an identity has stored.
package struct StoredChange: Sendable, Equatable {
    /// Nil for what nobody is known for.
    package let owner: String?
    package let bytes: Int64

    package init(owner: String?, bytes: Int64) {
        self.owner = owner
        self.bytes = bytes
    }
}

/// How many runs may be stored; nil for any number.
package struct RunQuota: Sendable, Equatable {
    /// Of one identity.
    package var client: Int64?
    package var server: Int64?

    package init(client: Int64? = nil, server: Int64? = nil) {
        self.client = client
        self.server = server
    }
}

extension TrackingError {
    package static func runQuotaSpent(of owner: String, _ limit: Int64) -> TrackingError {
        TrackingError(
            .quotaSpent,
            "'\(shortened(owner))' has as many runs as one token or user may have on this server: \(limit) (--client-runs). "
                + "Delete runs and have the operator remove them with `apus gc`, or raise the limit."
        )
    }

    package static func serverRunQuotaSpent(_ limit: Int64) -> TrackingError {
        TrackingError(
            .quotaSpent,
            "The server has as many runs as all together may have: \(limit) (--server-runs). Delete runs and have the "
                + "operator remove them with `apus gc`, or raise the limit."
        )
    }
}
