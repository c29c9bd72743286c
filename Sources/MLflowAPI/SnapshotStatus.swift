/// The status of the snapshots of a server's data.
package struct SnapshotStatus: Sendable {
    /// The name of the folder with the snapshots, without its path.
    package var folder: String
    /// The time of the newest snapshot in Unix milliseconds; nil if this server has neither made nor found a snapshot.
    package var newest: Int64?
    /// Whether the newest snapshot contains everything that was committed.
    package var isCurrent: Bool
    /// The reason why the last attempt to make a snapshot failed; nil if it succeeded.
    ///
    /// The text does not contain the paths of the folders that contain the snapshots and the database.
    package var failure: String?

    package init(folder: String, newest: Int64?, isCurrent: Bool, failure: String?) {
        self.folder = folder
        self.newest = newest
        self.isCurrent = isCurrent
        self.failure = failure
    }
}
