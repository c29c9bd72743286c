internal import Coding
internal import HTTPServer
internal import SQLite
internal import TrackingStore

/// The reason why the server cannot start, in one line for the person who starts it.
struct StartFailure: Error, CustomStringConvertible {
    let message: String
    /// What is known of the server that owns the data, when that is the reason.
    let owner: DataOwner?

    init(_ message: String, owner: DataOwner? = nil) {
        self.message = message
        self.owner = owner
    }

    var description: String { message }

    /// Whether another server owns the data, even if its address is unknown.
    enum DataOwner {
        case unknown
        case known(OwnerLock.Owner)
    }

    /// Describes a failure of the store, with its file and what to do about it.
    static func opening(_ databasePath: String, _ error: any Error) -> StartFailure {
        switch error {
        case MigrationError.mlflowDatabase:
            StartFailure(
                "\(databasePath): \(error). Take it over with apus import '\(databasePath)' --to FOLDER, and serve that folder "
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
            StartFailure("\(databasePath) cannot be written. Mend its permissions, or choose another --data-dir.")
        case let error as SQLiteError where error.isCorrupt:
            StartFailure("The database '\(databasePath)' is damaged (\(error.message)). \(adviceForDamage)")
        case let error as MissingDatabase: StartFailure(error.description)
        default: StartFailure("\(databasePath): \(error)")
        }
    }

    /// What to do about a database that SQLite finds damaged.
    static let adviceForDamage =
        "Restore the newest backup that apus check finds sound (apus restore PLACE --replace keeps the damaged one aside); "
        + "without one, what can still be read of it goes to another folder with apus import FOLDER --to OTHER."

    private static func ownedElsewhere(_ databasePath: String, _ reason: String) -> StartFailure {
        let owner = OwnerLock.owner(ofDatabase: databasePath)
        var text = "\(databasePath): \(reason). "
        if let owner, !owner.isOnThisMachine { text += "It runs on another machine or in another container. " }
        if let address = owner?.address {
            text += "That server answers at \(address.printable(limit: 300)): use it there, "
        } else {
            text += "That server starts or stops just now: try again in a moment, "
        }
        text += "stop it, or choose another --data-dir."
        return StartFailure(text, owner: owner.map(DataOwner.known) ?? .unknown)
    }

    /// The line for any error of a start.
    static func message(for error: any Error) -> String {
        let text =
            switch error {
            case let error as StartFailure: error.message
            case let error as HTTPServerError where error.isAddressInUse:
                "\(error). Another program listens there; stop it, or choose another port with --port (0 picks a free one)."
            default: "\(error)"
            }
        // SQL text and arguments of a person may contain line breaks.
        return text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
