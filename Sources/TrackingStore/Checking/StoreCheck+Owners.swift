internal import SQLite

extension StoreCheck {
    /// Compares each owner's sums in `storage_owners` with the sums of the owner's rows.
    func storageSumFaults() throws -> [StoreFault] {
        let sums = """
            (SELECT coalesce(sum(bytes), 0) FROM stored_artifacts WHERE owner_id = storage_owners.id),
            (SELECT count(*) FROM stored_artifacts WHERE owner_id = storage_owners.id),
            (SELECT count(*) FROM run_owners WHERE owner_id = storage_owners.id)
            """
        let isWrong = "(bytes, files, runs) <> (\(sums))"
        let count = try connection.firstInt64(of: "SELECT count(*) FROM storage_owners WHERE \(isWrong)") ?? 0
        guard count > 0 else { return [] }
        if mends { try connection.execute("UPDATE storage_owners SET (bytes, files, runs) = (SELECT \(sums))") }
        return [StoreFault(text: "\(count) rows of storage_owners have wrong sums", isMendable: true)]
    }
}
