internal import SQLite
internal import Tracking

extension WriteSession {
    /// Notes where the artifacts of an imported run or logged model lie, unless that is their usual place.
    ///
    /// - Parameter folder: where things of its kind usually lie in the location of their experiment; empty, or ending with `/`.
    func notePlace(_ location: String, of id: String, usually folder: String, experimentID: Int64) throws {
        let tail = "\(id)/artifacts"
        let home = try connection.query("SELECT artifact_location FROM experiments WHERE id = ?1", experimentID)
            .firstRow { ArtifactLocation($0.string(0)) }
        if let home, home.appending(folder + tail).uri.isExactly(location) { return }
        // Many of them may lie in one folder that is another than that of the experiment; one entry is enough for these.
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
