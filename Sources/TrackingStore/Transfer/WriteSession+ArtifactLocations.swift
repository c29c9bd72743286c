internal import SQLite
internal import Tracking

extension WriteSession {
    /// Records the artifact location of an imported run or logged model, unless it is the usual one of its experiment.
    ///
    /// - Parameter folder: the folder, within the experiment's location, that usually contains the folders of such runs
    ///   or models; empty, or ending with `/`.
    func recordArtifactLocation(
        _ location: String,
        of id: String,
        usualFolder folder: String,
        experimentID: Int64
    ) throws {
        let tail = "\(id)/artifacts"
        let parent = try connection.query("SELECT artifact_location FROM experiments WHERE id = ?1", experimentID)
            .firstRow { ArtifactLocation($0.string(0)) }
        if let parent, parent.appending(folder + tail).uri.isExactly(location) { return }
        // If the location ends with `ID/artifacts`, only the folder above is recorded: many runs may share that folder,
        // and one entry is enough for all of them.
        let end = "/\(tail)".utf8
        let holdsIDs = location.utf8.suffix(end.count).elementsEqual(end)
        try connection.run(
            "INSERT OR IGNORE INTO artifact_places (experiment_id, location, holds_ids) VALUES (?1, ?2, ?3)",
            experimentID,
            holdsIDs ? String(Substring(location.utf8.dropLast(end.count))) : location,
            holdsIDs ? Int64(1) : 0
        )
    }
}
