internal import JSON
internal import MLflowAPI
internal import SQLite
internal import Tracking
internal import TrackingStore

/// Records in the audit log that a command has copied or restored a whole database.
enum BackupAudit {
    /// Records a backup in the database that was copied; if a server has the database open, the server records it.
    static func recordBackup(at location: String, of databasePath: String) {
        record(.byCommand(MLflowAPI.backupAction), location, in: databasePath) { owner in
            let body = JSONWriter.object { $0.member("place", location) }
            _ = try ServerConnection(ownerAt: owner).call("audit/backup", body)
        }
    }

    /// Records a restoration in the database that was restored, if its version has an audit log.
    static func recordRestoration(from location: String, to databasePath: String) {
        record(.byCommand("restore"), location, in: databasePath)
    }

    /// - Parameter askServer: asks the server that has the database open to record the entry; nil if no server is asked.
    private static func record(
        _ entry: AuditEntry,
        _ location: String,
        in databasePath: String,
        orAsking askServer: ((ReachableOwner) throws -> Void)? = nil
    ) {
        var entry = entry
        entry.describe([("place", location)])
        do {
            do {
                _ = try TrackingStore.audit(entry, inDatabaseAt: databasePath)
            } catch let failure as OwnerLock.Failure {
                let failure = StartFailure.opening(databasePath, failure)
                guard let askServer, case .known(let owner)? = failure.owner, owner.isOnThisMachine,
                    let server = ReachableOwner(owner)
                else { throw failure }
                try askServer(server)
            }
        } catch {
            // This is only a warning, because the backup or restoration itself is complete.
            StandardStream.error.write("apus: this \(entry.action) could not be recorded in the audit: \(error)")
        }
    }
}
