/// A session that counts how much each owner has stored.
///
/// The rules, which are the same for all stores, are in the extension; each store reads and changes the counts.
package protocol StorageCounting: ClientBound {
    /// The maximum numbers of stored runs.
    var runQuota: RunQuota { get }

    /// The number of runs that an owner has, including those that the open transaction adds.
    ///
    /// - Parameter limit: if the stored count has reached this limit, runs that other programs have removed are subtracted first.
    func runCount(of owner: StorageOwner, checkedFrom limit: Int64) throws -> Int64

    /// Adds one to the number of all runs, unless that number has reached the limit.
    ///
    /// - Returns: whether the number was below the limit.
    func countRun(ifBelow limit: Int64) throws -> Bool

    /// Records who has stored the artifact at a path, and its size.
    ///
    /// - Returns: the decrease for the owner of an earlier artifact at the path; empty if there was none.
    func recordStored(_ path: String, by owner: StorageOwner?, bytes: Int64) throws -> [StoredChange]

    /// Records that no artifact is stored at a path or beneath it.
    ///
    /// - Returns: the decreases for the owners. An owner may occur more than once.
    func forgetStored(_ path: String) throws -> [StoredChange]
}

extension StorageCounting {
    /// Throws `.quotaExceeded` if the quota for runs of the client or of the server does not allow a further run.
    ///
    /// Counts the new run, so call this function once for each run.
    package func countRunAgainstQuotas() throws {
        if let limit = runQuota.client, let owner = caller.owner {
            guard try runCount(of: owner, checkedFrom: limit) < limit else {
                throw TrackingError.runQuotaSpent(of: owner, limit)
            }
        }
        if let limit = runQuota.server {
            guard try countRun(ifBelow: limit) else { throw TrackingError.serverRunQuotaSpent(limit) }
        }
    }

    /// Updates the stored artifacts and their owners after an upload or deletion.
    ///
    /// - Returns: by how many bytes each owner's sum has changed. An owner may occur more than once.
    package func countStored(_ event: ArtifactEvent) throws -> [StoredChange] {
        switch event.kind {
        case .upload:
            let replaced = try recordStored(event.path, by: event.owner, bytes: event.bytes)
            return replaced + [StoredChange(owner: event.owner, bytes: event.bytes)]
        // A partial deletion subtracts nothing, because it is not known which paths it has removed.
        case .deletion: return event.isPartial ? [] : try forgetStored(event.path)
        }
    }
}
