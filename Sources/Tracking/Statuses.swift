/// An enumeration of MLflow's protobuf interface: every case has a name and a number on the wire.
package protocol WireEnumeration: Sendable, CaseIterable, Hashable {
    /// The name in JSON answers, in upper case.
    var wireName: String { get }
    /// The number of the case in MLflow's `service.proto`.
    var wireNumber: Int64 { get }
}

extension WireEnumeration {
    /// Reads what protobuf's JSON accepts in a string: the exact name or the number in decimal digits.
    ///
    /// The reference treats a string that is neither as if the field were absent; `nil` says so.
    package init?(wireName: String) {
        let found = Self.allCases.first { candidate in
            candidate.wireName.isExactly(wireName) || String(candidate.wireNumber).isExactly(wireName)
        }
        guard let found else { return nil }
        self = found
    }

    /// Reads the number of a case; `nil` for a number that no case has.
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

    /// The name on the wire and in the text that filters compare with.
    package var wireName: String {
        switch self {
        case .running: "RUNNING"
        case .scheduled: "SCHEDULED"
        case .finished: "FINISHED"
        case .failed: "FAILED"
        case .killed: "KILLED"
        }
    }

    /// The number in `service.proto`, also the stored form.
    package var wireNumber: Int64 { rawValue }
}

/// Which lifecycle stages a listing shows (`ViewType` in MLflow's `service.proto`).
package enum ViewType: Int64, WireEnumeration {
    case activeOnly = 1
    case deletedOnly = 2
    case all = 3

    /// The name on the wire.
    package var wireName: String {
        switch self {
        case .activeOnly: "ACTIVE_ONLY"
        case .deletedOnly: "DELETED_ONLY"
        case .all: "ALL"
        }
    }

    /// The number in `service.proto`.
    package var wireNumber: Int64 { rawValue }

    /// Whether an entity in this stage belongs to the view.
    package func shows(_ stage: LifecycleStage) -> Bool {
        switch self {
        case .activeOnly: stage == .active
        case .deletedOnly: stage == .deleted
        case .all: true
        }
    }
}

/// Whether an experiment or a run is in use or deleted (and may be restored).
package enum LifecycleStage: String, Sendable, CaseIterable, Hashable {
    case active
    case deleted

    /// The text in JSON answers: lower case, unlike the names of the protobuf enumerations.
    package var wireName: String { rawValue }

    /// Reads the text of a JSON answer; `nil` for anything but `active` and `deleted`.
    package init?(wireName: String) {
        self.init(rawValue: wireName)
    }
}
