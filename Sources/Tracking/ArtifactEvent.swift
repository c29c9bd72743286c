package import Identities

/// An upload or a deletion of an artifact, as the artifact journal stores it.
package struct ArtifactEvent: Sendable {
    /// The kind of an event; the database stores its raw value.
    package enum Kind: Int64, Sendable {
        case upload = 0
        case deletion = 1
    }

    package var kind: Kind
    /// The path of the file, or of the deleted folder, relative to the artifact root.
    package var path: String
    /// The run that the artifact belongs to; nil if the request names no run.
    package var runID: String?
    /// The size of the file, or of all deleted files together.
    package var bytes: Int64
    /// The time from the start of the upload or deletion until the change was durable, in microseconds.
    package var microseconds: Int64
    /// Who stored the file (`Caller.owner`); nil if the owner is not known.
    package var owner: StorageOwner?
    /// Whether a deletion failed after it had deleted some of the files.
    package var isPartial = false
    /// Whether the file shares disk space with another file of the same content.
    package var isShared = false
    /// The SHA-256 of the content; nil if it was not computed.
    package var sha256: [UInt8]?

    package init(kind: Kind, path: String, runID: String?, bytes: Int64, microseconds: Int64) {
        self.kind = kind
        self.path = path
        self.runID = runID
        self.bytes = bytes
        self.microseconds = microseconds
    }
}

/// An event and the time at which it was added to the journal.
package struct ArtifactJournalEntry: Sendable {
    /// Unix milliseconds.
    package var time: Int64
    package var event: ArtifactEvent

    package init(time: Int64, event: ArtifactEvent) {
        self.time = time
        self.event = event
    }
}

/// A query of the artifact journal.
///
/// A property that is nil does not restrict the result.
package struct ArtifactJournalQuery: Sendable {
    package var runID: String?
    /// The path of a file; the result includes deletions of the folders above the file.
    package var path: String?
    /// Restricts the result to entries of runs in these experiments; nil for all entries, including those without a run.
    package var scope: VisibleThings<Int64>?
    /// The earliest time of an entry, inclusive, in Unix milliseconds.
    package var since: Int64?
    /// The largest number of entries in a page; at least 1.
    package var maxResults: Int
    package var pageToken: String?

    package init(maxResults: Int) { self.maxResults = maxResults }
}

extension ArtifactJournalQuery {
    /// Distinguishes the page tokens of different queries.
    package var digest: UInt64 {
        var digest = QueryDigest()
        digest.add("artifact journal")
        for part in [runID, path, since.map { "\($0)" }] {
            digest.add(part == nil ? "any" : "one")
            digest.add(part ?? "")
        }
        return digest.value
    }

    /// Returns the same query, restricted to entries of runs that the permissions allow the client to read.
    package func within(_ permissions: Permissions) -> ArtifactJournalQuery {
        var query = self
        query.scope = permissions.visibleExperiments(for: .run)
        return query
    }

    /// A path of a file, and those of the folders above it.
    package static func pathAndParents(of path: String) -> [String] {
        let segments = path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        return (0..<segments.count).map { segments[...$0].joined(separator: "/") }
    }
}
