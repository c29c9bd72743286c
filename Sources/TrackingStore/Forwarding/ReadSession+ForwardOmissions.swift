internal import SQLite
internal import Tracking

extension ReadSession {
    /// Whether this store has a run or logged model with this id, or a registered model or experiment with this name.
    package func existsLocally(_ subject: String) throws -> Bool {
        try connection.query(
            """
            SELECT EXISTS (SELECT 1 FROM runs WHERE run_id = ?1)
                OR EXISTS (SELECT 1 FROM logged_models WHERE model_id = ?1)
                OR EXISTS (SELECT 1 FROM registered_models WHERE name = ?1)
                OR EXISTS (SELECT 1 FROM experiments WHERE name = ?1)
            """,
            subject
        ).firstRow { $0.bool(0) } ?? false
    }

    /// Returns all omissions of an upstream for some subjects, in the order of the subjects, without the notes about versions
    /// that have another number there.
    ///
    /// - Parameter subjects: nil for all.
    package func omissions(of subjects: [String]?, upstream: Int64) throws -> [ForwardOmission] {
        try connection.query(
            """
            SELECT subject, part, reason FROM forward_omissions
            WHERE upstream_id = ?1 AND (?2 IS NULL OR subject IN (SELECT value FROM json_each(?2)))
                AND substr(part, 1, length(?3)) <> ?3
            ORDER BY subject, part
            """,
            values: [upstream, subjects.map { jsonTexts($0) }, ForwardOmission.renumberedVersionPrefix]
        ).map { ForwardOmission(subject: $0.string(0), part: $0.string(1), reason: $0.string(2)) }
    }

    /// Returns the newest omissions of an upstream, or the newest notes.
    ///
    /// - Parameter ofRenumberedVersions: true for the notes about versions that have another number in the upstream, false for
    ///   the parts that are missing there.
    package func omissions(upstream: Int64, ofRenumberedVersions: Bool = false, limit: Int) throws -> [ForwardOmission]
    {
        try connection.query(
            """
            SELECT subject, part, reason FROM forward_omissions
            WHERE upstream_id = ?1 AND (substr(part, 1, length(?2)) = ?2) = ?3 ORDER BY time DESC LIMIT ?4
            """,
            values: [upstream, ForwardOmission.renumberedVersionPrefix, ofRenumberedVersions ? 1 : 0, limit]
        ).map { ForwardOmission(subject: $0.string(0), part: $0.string(1), reason: $0.string(2)) }
    }

    /// Returns the number of an upstream's omissions, without notes.
    package func omissionCount(upstream: Int64) throws -> Int64 {
        try connection.query(
            "SELECT count(*) FROM forward_omissions WHERE upstream_id = ?1 AND substr(part, 1, length(?2)) <> ?2",
            values: [upstream, ForwardOmission.renumberedVersionPrefix]
        ).firstRow { $0.int64(0) } ?? 0
    }
}
