/// A store that removes each run, logged model and experiment permanently, in a transaction of its own, together with its files.
///
/// Other programs use the same tables, and would not look at a table of removals. So the row of the object is locked
/// while its files are removed: nobody can restore it meanwhile. What is interrupted is still a deleted object, which the next
/// removal finds again.
package protocol RemovingOneByOne: TrackingBackend {
    /// Looks up what a removal needs, in one transaction, and blocks meanwhile.
    func readRemovals<Value: Sendable>(_ work: @escaping @Sendable (any RemovalTables) throws -> Value) throws -> Value

    /// Carries out one removal on a connection that no other request waits for, and blocks until it is durable.
    func removeNow<Value: Sendable>(_ work: @escaping @Sendable (any RemovalWriting) throws -> Value) throws -> Value
}

/// A session that removes objects permanently.
package protocol RemovalWriting: TrackingWriting, RemovalTables {
    /// Removes one deleted object permanently.
    ///
    /// - Parameters:
    ///   - owner: a run, a logged model, or an experiment from which all runs and models were removed.
    ///   - experimentID: a deleted experiment with which the run or the model is removed, whether the model is deleted or not;
    ///     nil if it is removed by itself.
    ///   - limit: Unix milliseconds; what was deleted later, or at an unknown time, stays. Nil for all ages.
    ///   - isInUse: whether something needs the artifacts of the object; called when nobody can restore it or make a version of it
    ///     any more.
    ///   - removeFiles: removes the files, once it is certain that the object can be removed; it may run several times.
    /// - Returns: what was removed; nil if the object must stay, or is not there any more.
    func removePermanently(
        _ owner: PendingFolderRemoval,
        ofExperiment experimentID: Int64?,
        deletedBefore limit: Int64?,
        unless isInUse: (PendingFolderRemoval) throws -> Bool,
        removingFiles removeFiles: (PendingFolderRemoval) throws -> RemovedFiles
    ) throws -> RemovalCount?
}

/// What was removed of the files of an object.
package struct RemovedFiles: Sendable {
    /// The event for the journal; nil if there were no files.
    package var event: ArtifactEvent?
    /// The folder, relative to the artifact root, that has no files any more; nil if it is unknown.
    package var path: String?

    package init(event: ArtifactEvent? = nil, path: String? = nil) {
        self.event = event
        self.path = path
    }
}
