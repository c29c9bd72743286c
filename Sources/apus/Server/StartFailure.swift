internal import Coding
internal import HTTPServer
internal import SQLite
internal import TrackingStore

/// The reason why a server cannot start or a command fails, as a message for the user.
struct StartFailure: Error, CustomStringConvertible {
    let message: String
    /// The server that owns the data, if this is the reason of the failure; otherwise nil.
    let owner: DataOwner?

    init(_ message: String, owner: DataOwner? = nil) {
        self.message = message
        self.owner = owner
    }

    var description: String { message }

    /// The server that owns the data.
    enum DataOwner {
        /// The server's process and address are unknown.
        case unknown
        case known(OwnerLock.Owner)
    }

    /// The failure to open a database, with advice.
    static func opening(_ databasePath: String, _ error: any Error) -> StartFailure {
        switch error {
        case MigrationError.mlflowDatabase:
            StartFailure(
                "\(databasePath): \(error). Import it with apus import '\(databasePath)' --to FOLDER, and serve that folder "
                    + "with --data-dir; Apus keeps its data in a database of its own."
            )
        case MigrationError.foreignDatabase, MigrationError.notADatabase:
            StartFailure(
                "\(databasePath): \(error). Name another file with --backend-store-uri, or another folder with --data-dir; "
                    + "Apus keeps its data in a database of its own."
            )
        case MigrationError.newerDatabase:
            StartFailure("\(databasePath): \(error). Start the version of Apus that wrote it, or a newer one.")
        case OwnerLock.Failure.ownedElsewhere: ownedElsewhere(databasePath, "\(error)")
        case let error as SQLiteError where error.isReadOnly:
            StartFailure("\(databasePath) cannot be written. Correct its permissions, or choose another --data-dir.")
        case let error as SQLiteError where error.isCorrupt:
            StartFailure("The database '\(databasePath)' is damaged (\(error.message)). \(adviceForDamage)")
        case let error as MissingDatabase: StartFailure(error.description)
        default: StartFailure("\(databasePath): \(error)")
        }
    }

    /// The advice for a database that SQLite reports as damaged.
    static let adviceForDamage =
        "Restore the newest backup in which apus check finds no fault; apus restore BACKUPS --replace moves the damaged database "
        + "into a subfolder. Without a backup, copy what can still be read to another folder with apus import FOLDER --to OTHER."

    private static func ownedElsewhere(_ databasePath: String, _ reason: String) -> StartFailure {
        let owner = OwnerLock.owner(ofDatabase: databasePath)
        var text = "\(databasePath): \(reason). "
        if let owner, !owner.isOnThisMachine { text += "It runs on another machine or in another container. " }
        if let address = owner?.address {
            text += "That server answers at \(address.printable(limit: 300)): use it there, "
        } else {
            text += "That server is just starting or stopping: try again in a moment, "
        }
        text += "stop it, or choose another --data-dir."
        return StartFailure(text, owner: owner.map(DataOwner.known) ?? .unknown)
    }

    /// The message for any error, as a single line.
    static func message(for error: any Error) -> String {
        let text =
            switch error {
            case let error as StartFailure: error.message
            case let error as HTTPServerError where error.isAddressInUse:
                "\(error). Another program listens there; stop it, or choose another port with --port (0 picks a free one)."
            default: "\(error)"
            }
        // SQL text and arguments in a message may contain line breaks.
        return text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
