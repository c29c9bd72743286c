/// The levels of permission by MLflow's names; each positive level includes the ones before it.
package enum PermissionLevel: Int, Sendable, CaseIterable {
    /// An explicit refusal, which overrides all other grants for the same object.
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

    /// Returns the effective level of a grant: a positive grant never allows less than the default for everybody.
    package func raised(to defaultLevel: PermissionLevel) -> PermissionLevel {
        self > .none ? max(self, defaultLevel) : self
    }
}

extension PermissionLevel: Comparable {
    package static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
}

/// An action on an object, for which a level of permission is needed.
package enum PermittedAction: Sendable {
    case read, update, delete

    /// The lowest level that allows the action.
    package var level: PermissionLevel {
        switch self {
        case .read: .read
        case .update: .edit
        case .delete: .manage
        }
    }
}
