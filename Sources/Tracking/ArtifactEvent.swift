/// Something that happened to an artifact, as the journal keeps it.
package struct ArtifactEvent: Sendable {
    /// Stored by its number.
    package enum Kind: Int64, Sendable {
        case upload = 0
        case deletion = 1
    }

    package var kind: Kind
    /// Beneath the artifact root; that of a folder for the deletion of a folder.
    package var path: String
    /// The run whose artifact it is, as far as the request tells.
    package var runID: String?
    /// The size of the file, or of all files that were deleted.
    package var bytes: Int64
    /// From the beginning of the request's work until the change was durable, in microseconds.
    package var microseconds: Int64
    /// Whether the file shares the space of an equal one.
    package var isShared = false
    /// nil where it was not asked for.
    package var sha256: [UInt8]?

    package init(kind: Kind, path: String, runID: String?, bytes: Int64, microseconds: Int64) {
        self.kind = kind
        self.path = path
        self.runID = runID
        self.bytes = bytes
        self.microseconds = microseconds
    }
}

/// An event and when it was journalled.
package struct ArtifactJournalEntry: Sendable {
    /// Unix milliseconds.
    package var time: Int64
    package var event: ArtifactEvent

    package init(time: Int64, event: ArtifactEvent) {
        self.time = time
        self.event = event
    }
}

/// Which entries of the journal are asked for; what is nil does not restrict them.
package struct ArtifactJournalQuery: Sendable {
    package var runID: String?
    /// One path; deletions of the folders above it belong to its story.
    package var path: String?
    /// Unix milliseconds, this moment included.
    package var since: Int64?
    /// At least 1.
    package var maxResults: Int
    package var pageToken: String?

    package init(maxResults: Int) {
        self.maxResults = maxResults
    }
}
