/// How it stands with the snapshots of a server's data.
package struct SnapshotStatus: Sendable {
    /// The folder that holds them: its name, without those above it.
    package var place: String
    /// When the newest one was made, in Unix milliseconds; nil if this server has made and seen none yet.
    package var newest: Int64?
    /// Whether the newest one holds everything that was committed.
    package var isCurrent: Bool
    /// Why the last one could not be made; nil if it could.
    ///
    /// Names no folder above the place and the database.
    package var failure: String?

    package init(place: String, newest: Int64?, isCurrent: Bool, failure: String?) {
        self.place = place
        self.newest = newest
        self.isCurrent = isCurrent
        self.failure = failure
    }
}
