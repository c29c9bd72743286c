/// One change or log-in: who did it, when, and from which address.
package struct AuditEntry: Sendable, Equatable {
    /// A number that orders entries by their time; 0 before the entry is stored.
    package var id: Int64 = 0
    package var actor: AuditActor
    /// The network address from which the request came.
    ///
    /// For commands and for the server itself, it is empty or, in a PostgreSQL database, the account and the machine of the
    /// program.
    package var address: String
    /// The name of the action, such as `runs/delete`.
    package var action: String
    package var resource: AuditResource
    /// Further facts, such as a new name: the text of a JSON object, or empty.
    package var detail = ""
    /// Whether this is a log-in that was refused; other refused requests are not recorded.
    package var isRefused = false
    /// The number of events that the entry records; it is more than 1 for failed log-ins from one address, which share an entry.
    package var count: Int64 = 1

    package init(
        actor: AuditActor,
        address: String = "",
        action: String,
        resource: AuditResource = AuditResource(.server)
    ) {
        self.actor = actor
        self.address = address
        self.action = action
        self.resource = resource
    }

    /// An entry for an action of a command on the machine that has the data.
    package static func byCommand(_ action: String) -> AuditEntry { AuditEntry(actor: .command, action: action) }

    /// The time of the entry in Unix milliseconds, which its id contains.
    package var time: Int64 { id >> Self.timeShift }

    /// The smallest id that an entry of a time can have.
    ///
    /// - Parameter time: Unix milliseconds; a time before 1970 counts as 1970, and one after 2109 as 2109.
    package static func firstID(at time: Int64) -> Int64 { min(max(time, 0), 1 << 42) << timeShift }

    /// The number of low bits of an id that distinguish the entries of one millisecond.
    private static let timeShift: Int64 = 20

    /// The maximum number of bytes of a resource's id in an entry; a longer id is cut.
    package static let textLimit = 1_000
}

/// The user, token or program that did something.
package struct AuditActor: Sendable, Equatable {
    /// The kind of an actor; the database stores the raw value.
    package enum Kind: Int64, Sendable, CaseIterable {
        /// A client without credentials, or any client of a server that requires none.
        case anyone = 0
        /// The holder of a token.
        case token = 1
        case user = 2
        /// A command on the machine that has the data, even if the server there carries out the change.
        case command = 3
        /// The server itself.
        case server = 4

        package var name: String {
            switch self {
            case .anyone: "anyone"
            case .token: "token"
            case .user: "user"
            case .command: "command"
            case .server: "server"
            }
        }
    }

    package var kind: Kind
    /// The name of the token or the user; empty for the other kinds.
    package var name: String

    package init(_ kind: Kind, _ name: String = "") {
        self.kind = kind
        self.name = name
    }

    package static let anyone = AuditActor(.anyone)
    package static let command = AuditActor(.command)
    package static let server = AuditActor(.server)

    /// The text by which a filter finds the actor: its name or, without a name, its kind.
    package var shownName: String { name.isEmpty ? kind.name : name }
}

/// The object of an action.
package struct AuditResource: Sendable, Equatable {
    /// The kind of an object; the database stores the raw value.
    package enum Kind: Int64, Sendable, CaseIterable {
        case server = 0
        case experiment = 1
        case run = 2
        case loggedModel = 3
        case registeredModel = 4
        case artifact = 5
        case token = 6
        case user = 7
        case role = 8

        package var name: String {
            switch self {
            case .server: "server"
            case .experiment: "experiment"
            case .run: "run"
            case .loggedModel: "logged_model"
            case .registeredModel: "registered_model"
            case .artifact: "artifact"
            case .token: "token"
            case .user: "user"
            case .role: "role"
            }
        }
    }

    package var kind: Kind
    /// The id, the name or the path of the object; empty for the server.
    package var id: String

    package init(_ kind: Kind, _ id: String = "") {
        self.kind = kind
        self.id = id
    }
}

/// A query of the audit log, whose result begins with the newest entry.
///
/// A property that is nil does not restrict the result.
package struct AuditQuery: Sendable {
    /// The earliest time of an entry, inclusive, in Unix milliseconds.
    package var since: Int64?
    /// The time before which an entry must have been stored, in Unix milliseconds.
    package var until: Int64?
    /// The name of an actor or, for an actor without a name, its kind.
    package var actor: String?
    /// An action or, if it ends in a slash, the beginning of an action.
    package var action: String?
    /// The id of a resource.
    package var resourceID: String?
    package var address: String?
    /// The largest number of entries in a page; at least 1.
    package var maxResults: Int
    package var pageToken: String?

    package init(maxResults: Int) { self.maxResults = maxResults }

    /// Whether an entry matches the query's conditions other than those of time.
    package func includes(_ entry: AuditEntry) -> Bool {
        if let actor, !entry.actor.shownName.isExactly(actor) { return false }
        if let address, !entry.address.isExactly(address) { return false }
        if let resourceID, !entry.resource.id.isExactly(resourceID) { return false }
        guard let action else { return true }
        return action.hasSuffix("/") ? entry.action.hasPrefix(action) : entry.action.isExactly(action)
    }
}

/// One page of a query's result.
package struct AuditPage: Sendable {
    package var entries: [AuditEntry]
    /// The token for the next page; nil on the last page.
    ///
    /// A page may have no entries and still be followed by another, because the search for one page reads a bounded
    /// number of entries.
    package var nextPageToken: String?

    package init(entries: [AuditEntry], nextPageToken: String?) {
        self.entries = entries
        self.nextPageToken = nextPageToken
    }
}
