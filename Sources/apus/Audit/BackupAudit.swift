internal import JSON
internal import MLflowAPI
internal import SQLite
internal import Tracking
internal import TrackingStore

/// Records in the audit log that a command has copied or restored a whole database.
enum BackupAudit {
    /// Records a backup in the database that was copied; if a server has the database open, the server records it.
    static func noteBackup(at place: String, of databasePath: String) {
        note(.byCommand(MLflowAPI.backupAction), place, in: databasePath) { owner in
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("place", place)
            writer.endObject()
            _ = try KeptServer(ownerAt: owner).call("audit/backup", writer.takeBytes())
        }
    }

    /// Records a restoration in the database that was restored, if its version has an audit log.
    static func noteRestoration(from place: String, to databasePath: String) {
        note(.byCommand("restore"), place, in: databasePath)
    }

    /// - Parameter ask: asks the server that has the database open to record the entry.
    private static func note(
        _ entry: AuditEntry,
        _ place: String,
        in databasePath: String,
        orAsking ask: ((ReachableOwner) throws -> Void)? = nil
    ) {
        var entry = entry
        entry.describe([("place", place)])
        do {
            do {
                _ = try TrackingStore.audit(entry, inDatabaseAt: databasePath)
            } catch let failure as OwnerLock.Failure {
                let failure = StartFailure.opening(databasePath, failure)
                guard let ask, case .known(let owner)? = failure.owner, owner.isOnThisMachine,
                    let place = ReachableOwner(owner)
                else { throw failure }
                try ask(place)
            }
        } catch {
            // This is only a warning, because the copy is complete.
            StandardStream.error.write("apus: this \(entry.action) could not be recorded in the audit: \(error)")
        }
    }
}
