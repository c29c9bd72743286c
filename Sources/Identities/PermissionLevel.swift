/// How much a grant allows, by the names of MLflow; each positive level includes those before it.
package enum PermissionLevel: Int, Sendable, CaseIterable {
    /// An explicit refusal, which no other grant for the same thing lifts.
    case denied = -1
    case none
    case read
    case use
    case edit
    case manage

    package init?(wireName: String) {
        guard let level = Self.allCases.first(where: { $0.wireName == wireName }) else { return nil }
        self = level
    }

    package var wireName: String {
        switch self {
        case .denied: "DENY"
        case .none: "NO_PERMISSIONS"
        case .read: "READ"
        case .use: "USE"
        case .edit: "EDIT"
        case .manage: "MANAGE"
        }
    }

    /// The level of a thing with a grant: a positive grant never allows less than what everybody may do.
    package func raised(to standard: PermissionLevel) -> PermissionLevel {
        self > .none ? max(self, standard) : self
    }
}

extension PermissionLevel: Comparable {
    package static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
}

/// What somebody wants to do with a thing.
package enum PermittedAction: Sendable {
    case read, update, delete

    /// The least level that allows it.
    package var level: PermissionLevel {
        switch self {
        case .read: .read
        case .update: .edit
        case .delete: .manage
        }
    }
}
