internal import JSON
internal import MLflowAPI
internal import SQLite
internal import Tracking
internal import TrackingStore

/// Tells the audit of what a command did with a whole database, which is no change of a store.
enum BackupAudit {
    /// Tells the database that was copied, through the server that holds it where one does.
    static func noteBackup(at place: String, of databasePath: String) {
        note(.byCommand(MLflowAPI.backupAction), place, in: databasePath) { owner in
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("place", place)
            writer.endObject()
            _ = try KeptServer(ownerAt: owner).call("audit/backup", writer.takeBytes())
        }
    }

    /// Tells the database that was restored, if it is of a version that has an audit.
    static func noteRestoration(from place: String, to databasePath: String) {
        note(.byCommand("restore"), place, in: databasePath)
    }

    /// - Parameter ask: tells the server that holds the database.
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
            // The copy itself is complete.
            StandardStream.error.write("apus: the audit does not tell of this \(entry.action): \(error)")
        }
    }
}
