/// A store that removes each run, logged model and experiment, together with its files, in a transaction of its own.
///
/// Other programs use the same database and would ignore a table of removals. So the transaction locks the row of the object,
/// and no program can restore the object while its files are removed. After an interruption the object is still marked as
/// deleted, and the next removal finds it again.
package protocol RemovingOneByOne: TrackingBackend {
    /// Looks up what a removal needs in one transaction; blocks until it has ended.
    func readRemovals<Value: Sendable>(_ work: @escaping @Sendable (any RemovalTables) throws -> Value) throws -> Value

    /// Carries out one removal on a connection that no other request uses; blocks until the removal is durable.
    func removeNow<Value: Sendable>(_ work: @escaping @Sendable (any RemovalWriting) throws -> Value) throws -> Value
}

/// A session that removes objects permanently.
package protocol RemovalWriting: TrackingWriting, RemovalTables {
    /// Removes one deleted object permanently.
    ///
    /// - Parameters:
    ///   - owner: a run, a logged model, or an experiment from which all runs and models were removed.
    ///   - experimentID: the deleted experiment whose removal also removes this run or model, even a model that is not deleted;
    ///     nil if the object is removed by itself.
    ///   - limit: Unix milliseconds: an object that was deleted later, or at an unknown time, is kept; nil for no limit.
    ///   - isInUse: whether something needs the artifacts of the object; called when the object can no longer be restored or used
    ///     for a model version.
    ///   - removeFiles: removes the files; called, perhaps several times, when it is certain that the object can be removed.
    /// - Returns: what was removed; nil if the object must be kept, or does not exist any more.
    func removePermanently(
        _ owner: PendingFolderRemoval,
        ofExperiment experimentID: Int64?,
        deletedBefore limit: Int64?,
        unless isInUse: (PendingFolderRemoval) throws -> Bool,
        removingFiles removeFiles: (PendingFolderRemoval) throws -> RemovedFiles
    ) throws -> RemovalCount?
}

/// The result of the removal of an object's files.
package struct RemovedFiles: Sendable {
    /// The event for the journal; nil if there were no files.
    package var event: ArtifactEvent?
    /// The folder, relative to the artifact root, that now contains no files; nil if it is unknown.
    package var path: String?

    package init(event: ArtifactEvent? = nil, path: String? = nil) {
        self.event = event
        self.path = path
    }
}
