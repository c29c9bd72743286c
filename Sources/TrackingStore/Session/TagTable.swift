internal import SQLite
internal import Tracking

/// A table of tags that stores keys as text.
///
/// The tables of the tags of runs and logged models store key ids instead; this type does not access them.
struct TagTable {
    let name: StaticString
    /// The column with the id of the tag's owner.
    let ownerColumn: StaticString

    static let experiments = TagTable(name: "experiment_tags", ownerColumn: "experiment_id")
    static let datasetInputs = TagTable(name: "dataset_input_tags", ownerColumn: "input_id")
    static let registeredModels = TagTable(name: "registered_model_tags", ownerColumn: "model_id")
    static let modelVersions = TagTable(name: "model_version_tags", ownerColumn: "version_id")
}

extension Connection {
    /// Sets a tag; replaces its old value.
    func upsert(_ tag: Tag, in table: TagTable, of owner: Int64) throws {
        try run(
            """
            INSERT INTO \(table.name) (\(table.ownerColumn), key, value) VALUES (?1, ?2, ?3)
            ON CONFLICT (\(table.ownerColumn), key) DO UPDATE SET value = excluded.value
            """,
            values: [owner, tag.key, tag.value]
        )
    }

    /// - Returns: whether the tag existed.
    func deleteTag(_ key: String, in table: TagTable, of owner: Int64) throws -> Bool {
        try run("DELETE FROM \(table.name) WHERE \(table.ownerColumn) = ?1 AND key = ?2", owner, key)
        return changes > 0
    }

    /// Returns the tags of several owners by owner id, each list in ascending order of the keys' bytes.
    ///
    /// - Parameter page: the ids of the owners as a JSON array.
    func tags(in table: TagTable, of page: String) throws -> [Int64: [Tag]] {
        let select = try query(
            """
            SELECT tag.\(table.ownerColumn), tag.key, tag.value
            FROM json_each(?1) AS page
            CROSS JOIN \(table.name) AS tag ON tag.\(table.ownerColumn) = page.value
            ORDER BY page.id, tag.key
            """,
            page
        )
        var tags: [Int64: [Tag]] = [:]
        try select.forEachRow { row in
            tags[row.int64(0), default: []].append(Tag(key: row.string(1), value: row.string(2)))
        }
        return tags
    }
}
