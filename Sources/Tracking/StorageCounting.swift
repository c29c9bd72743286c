/// A session that counts who has stored how much.
///
/// The rules are the same over all stores and are in the extension; a store looks up and changes the counts.
package protocol StorageCounting: ClientBound {
    /// The most runs that may be stored.
    var runQuota: RunQuota { get }

    /// The number of runs that an identity has, including those that the open transaction adds.
    ///
    /// - Parameter limit: a number that the store has checked is returned if it is not below this limit.
    func runCount(of owner: StorageOwner, checkedFrom limit: Int64) throws -> Int64

    /// Counts one more run of all identities together, unless there are as many as the limit already.
    ///
    /// - Returns: whether there was room.
    func takeRoomForRun(below limit: Int64) throws -> Bool

    /// Records who has stored the artifact at a path, and its size.
    ///
    /// - Returns: what is no longer stored, because the artifact replaces it.
    func recordStored(_ path: String, by owner: StorageOwner?, bytes: Int64) throws -> [StoredChange]

    /// Records that no artifact is stored at a path or beneath it.
    ///
    /// - Returns: what is no longer stored. An owner may occur more than once.
    func forgetStored(_ path: String) throws -> [StoredChange]
}

extension StorageCounting {
    /// Throws `.quotaSpent` if the quota for runs of the client or of the server does not allow a further run.
    ///
    /// Counts the new run, so call this function once for each run.
    package func requireRoomForRun() throws {
        if let limit = runQuota.client, let owner = caller.owner {
            guard try runCount(of: owner, checkedFrom: limit) < limit else {
                throw TrackingError.runQuotaSpent(of: owner, limit)
            }
        }
        if let limit = runQuota.server {
            guard try takeRoomForRun(below: limit) else { throw TrackingError.serverRunQuotaSpent(limit) }
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
        // What a part of a deletion has removed is not known by path.
        case .deletion: return event.isPartial ? [] : try forgetStored(event.path)
        }
    }
}
