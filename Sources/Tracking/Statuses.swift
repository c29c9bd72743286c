/// An enumeration in MLflow's protobuf interface, whose cases have a name and a number.
package protocol WireEnumeration: Sendable, CaseIterable, Hashable {
    /// The name in JSON, in upper case.
    var wireName: String { get }
    /// The number of the case in MLflow's `service.proto`.
    var wireNumber: Int64 { get }
}

extension WireEnumeration {
    /// Parses the strings that protobuf's JSON format accepts: the exact name, or the number in decimal digits.
    ///
    /// Returns nil for any other text; MLflow then treats the field as absent.
    package init?(wireName: String) {
        let found = Self.allCases.first { candidate in
            candidate.wireName.isExactly(wireName) || String(candidate.wireNumber).isExactly(wireName)
        }
        guard let found else { return nil }
        self = found
    }

    /// Returns the case with this number, or nil if there is none.
    package init?(wireNumber: Int64) {
        guard let found = Self.allCases.first(where: { $0.wireNumber == wireNumber }) else { return nil }
        self = found
    }
}

/// The state of a run (`RunStatus` in MLflow's `service.proto`).
package enum RunStatus: Int64, WireEnumeration {
    case running = 1
    case scheduled = 2
    case finished = 3
    case failed = 4
    case killed = 5

    /// The name in JSON and in filters.
    package var wireName: String {
        switch self {
        case .running: "RUNNING"
        case .scheduled: "SCHEDULED"
        case .finished: "FINISHED"
        case .failed: "FAILED"
        case .killed: "KILLED"
        }
    }

    /// The number in `service.proto`; the database stores it too.
    package var wireNumber: Int64 { rawValue }
}

/// The lifecycle stages that a search includes (`ViewType` in MLflow's `service.proto`).
package enum ViewType: Int64, WireEnumeration {
    case activeOnly = 1
    case deletedOnly = 2
    case all = 3

    /// The name in JSON.
    package var wireName: String {
        switch self {
        case .activeOnly: "ACTIVE_ONLY"
        case .deletedOnly: "DELETED_ONLY"
        case .all: "ALL"
        }
    }

    /// The number in `service.proto`.
    package var wireNumber: Int64 { rawValue }
}

/// Whether an entity is active or deleted; deleted experiments and runs can be restored.
package enum LifecycleStage: String, Sendable, CaseIterable, Hashable {
    case active
    case deleted

    /// The text in JSON; in lower case, unlike the protobuf enumerations.
    package var wireName: String { rawValue }

    /// Parses `active` or `deleted`; returns nil for any other text.
    package init?(wireName: String) { self.init(rawValue: wireName) }
}
