/// Who changed something, when and from where; or who has shown a credential.
package struct AuditEntry: Sendable, Equatable {
    /// Numbers entries in the order of their times; 0 for one that is not stored yet.
    package var id: Int64 = 0
    package var actor: AuditActor
    /// The network address that the request came from; empty for commands and the server itself.
    package var address: String
    /// What was done, such as `runs/delete`.
    package var action: String
    package var resource: AuditResource
    /// What else is worth knowing, such as a new name: a JSON object as text, empty for nothing.
    package var detail = ""
    /// Whether it was refused; only log-ins are.
    package var isRefused = false
    /// How often it happened: failed log-ins of one address are counted together.
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

    /// An entry for what a command on the machine of the data does.
    package static func byCommand(_ action: String) -> AuditEntry { AuditEntry(actor: .command, action: action) }

    /// Unix milliseconds.
    package var time: Int64 { id >> Self.timeShift }

    /// The number of the first entry that a time can have.
    ///
    /// - Parameter time: Unix milliseconds; one that no clock shows counts as the nearest that one does.
    package static func firstID(at time: Int64) -> Int64 { min(max(time, 0), 1 << 42) << timeShift }

    /// How many numbers one millisecond has, as a power of two.
    private static let timeShift: Int64 = 20

    /// The most bytes of what an entry says of a resource.
    package static let textLimit = 1_000
}

/// Who did something.
package struct AuditActor: Sendable, Equatable {
    /// The database stores the raw value.
    package enum Kind: Int64, Sendable, CaseIterable {
        /// Somebody on a server that asks nobody, or who has shown no credential.
        case anyone = 0
        /// The holder of a token.
        case token = 1
        case user = 2
        /// A command on the machine of the data, by itself or through the server there.
        case command = 3
        /// The server, by itself.
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

    /// What a filter names: the name, or the kind of an actor without one.
    package var shownName: String { name.isEmpty ? kind.name : name }
}

/// What something was done to.
package struct AuditResource: Sendable, Equatable {
    /// The database stores the raw value.
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
    /// An id, a name or a path; empty for the server.
    package var id: String

    package init(_ kind: Kind, _ id: String = "") {
        self.kind = kind
        self.id = id
    }
}

/// Which entries are wanted, the newest first; a property that is nil does not restrict them.
package struct AuditQuery: Sendable {
    /// Unix milliseconds, inclusive.
    package var since: Int64?
    /// Unix milliseconds, exclusive.
    package var until: Int64?
    /// A name, or the kind of an actor without a name.
    package var actor: String?
    /// An action, or the beginning of one that ends with a slash.
    package var action: String?
    /// The id of a resource.
    package var resourceID: String?
    package var address: String?
    /// At least 1.
    package var maxResults: Int
    package var pageToken: String?

    package init(maxResults: Int) { self.maxResults = maxResults }

    /// Whether an entry is wanted, the times and the page left out.
    package func includes(_ entry: AuditEntry) -> Bool {
        if let actor, !entry.actor.shownName.isExactly(actor) { return false }
        if let address, !entry.address.isExactly(address) { return false }
        if let resourceID, !entry.resource.id.isExactly(resourceID) { return false }
        guard let action else { return true }
        return action.hasSuffix("/") ? entry.action.hasPrefix(action) : entry.action.isExactly(action)
    }
}

/// Some of the entries, and how to ask for those that follow.
package struct AuditPage: Sendable {
    package var entries: [AuditEntry]
    /// nil at the end; a page before the end may have no entries, because a page looks at a bounded number of them.
    package var nextPageToken: String?

    package init(entries: [AuditEntry], nextPageToken: String?) {
        self.entries = entries
        self.nextPageToken = nextPageToken
    }
}
