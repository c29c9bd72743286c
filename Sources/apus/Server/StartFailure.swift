internal import HTTPServer
internal import SQLite
internal import TrackingStore

/// Why the server cannot start, in one line for the person who starts it.
struct StartFailure: Error {
    let message: String
    /// The server that owns the data, when that is why; all that it has told of itself so far.
    let owner: Owner?

    init(_ message: String, owner: Owner? = nil) {
        self.message = message
        self.owner = owner
    }

    /// Whether another server has the data, known or not.
    enum Owner {
        case unknown
        case known(OwnerLock.Owner)
    }

    /// The failure of a store, with the file it lies in and what to do about it.
    static func opening(_ databasePath: String, _ error: any Error) -> StartFailure {
        switch error {
        case MigrationError.mlflowDatabase, MigrationError.foreignDatabase, MigrationError.notADatabase:
            StartFailure(
                "\(databasePath): \(error). Name another file with --backend-store-uri, or another folder with --data-dir; "
                    + "Apus keeps its data in a database of its own."
            )
        case MigrationError.newerDatabase:
            StartFailure("\(databasePath): \(error). Start the version of Apus that wrote it, or a newer one.")
        case OwnerLock.Failure.ownedElsewhere: ownedElsewhere(databasePath, "\(error)")
        case let error as SQLiteError where error.isReadOnly:
            StartFailure("\(databasePath) cannot be written. Mend its permissions, or choose another --data-dir.")
        case let error as MissingDatabase: StartFailure(error.description)
        default: StartFailure("\(databasePath): \(error)")
        }
    }

    private static func ownedElsewhere(_ databasePath: String, _ reason: String) -> StartFailure {
        let owner = OwnerLock.owner(ofDatabase: databasePath)
        var text = "\(databasePath): \(reason). "
        if let owner, !owner.isOnThisMachine { text += "It runs on another machine or in another container. " }
        if let address = owner?.address {
            text += "That server answers at \(address.printable(limit: 300)): use it there (--reuse does so), "
        } else {
            text += "That server starts or stops just now: try again in a moment, "
        }
        text += "stop it, or choose another --data-dir."
        return StartFailure(text, owner: owner.map(Owner.known) ?? .unknown)
    }

    /// The line for any failure of a start.
    static func message(for error: any Error) -> String {
        let text =
            switch error {
            case let error as StartFailure: error.message
            case let error as HTTPServerError where error.isAddressInUse:
                "\(error). Another program listens there; stop it, or choose another port with --port (0 picks a free one)."
            default: "\(error)"
            }
        // SQL and a person's own arguments may bring line breaks along.
        return text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
