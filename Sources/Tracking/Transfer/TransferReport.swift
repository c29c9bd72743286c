/// The kinds of things that are transferred.
package enum TransferKind: String, Sendable, CaseIterable {
    case experiment, run, points, loggedModel, modelPoints, registeredModel, modelVersion

    /// The name in JSON.
    package var wireName: String {
        switch self {
        case .experiment: "experiment"
        case .run: "run"
        case .points: "points"
        case .loggedModel: "logged_model"
        case .modelPoints: "model_points"
        case .registeredModel: "registered_model"
        case .modelVersion: "model_version"
        }
    }
}

/// What became of the records of one kind; points are counted one by one.
package struct TransferCounts: Sendable, Equatable {
    /// Those that were not there.
    package var added = 0
    /// Those that were there and got something that they lacked.
    package var completed = 0
    /// Those that were there with all that the record says, or with something else instead.
    package var unchanged = 0

    package init() {}

    package var total: Int { added + completed + unchanged }

    /// Adds another count.
    package mutating func add(_ other: TransferCounts) {
        added += other.added
        completed += other.completed
        unchanged += other.unchanged
    }

    /// Counts a thing that was there.
    package mutating func note(isCompleted: Bool) {
        if isCompleted { completed += 1 } else { unchanged += 1 }
    }
}

/// Something that the store did not take over.
package struct TransferRemark: Sendable, Equatable {
    package var kind: TransferKind
    /// The id or the name of the thing.
    package var id: String
    /// One line for a person.
    package var text: String

    package init(kind: TransferKind, id: String, text: String) {
        self.kind = kind
        self.id = id
        self.text = text
    }

    /// How the text begins of something of which nothing was taken.
    package static let leftOut = "left out: "
    package var isOfThingLeftOut: Bool { text.utf8.starts(with: Self.leftOut.utf8) }

    /// Of a registered model, or a version of one, that is not the one of this name in the store.
    package static let otherModel = leftOut + "the name is that of another model, which was created at another time"
}

/// An experiment that has another id here than where it came from.
package struct ExperimentMapping: Sendable, Hashable {
    package var source: Int64
    package var id: Int64
    package var name: String

    package init(source: Int64, id: Int64, name: String) {
        self.source = source
        self.id = id
        self.name = name
    }
}

/// What became of some records.
package struct TransferReport: Sendable, Equatable {
    /// The most remarks that a report holds; more are only counted.
    package static let maximumRemarks = 200

    package var counts: [TransferKind: TransferCounts] = [:]
    package private(set) var remarks: [TransferRemark] = []
    /// How many remarks there were, also of those that are left out.
    package private(set) var remarkCount = 0
    package var mappings: [ExperimentMapping] = []

    package init() {}

    /// Counts what became of a record.
    package mutating func count(_ kind: TransferKind, _ change: (inout TransferCounts) -> Void) {
        change(&counts[kind, default: TransferCounts()])
    }

    /// Adds a remark.
    package mutating func remark(_ kind: TransferKind, _ id: String, _ text: String) {
        remarkCount += 1
        guard remarks.count < Self.maximumRemarks else { return }
        remarks.append(TransferRemark(kind: kind, id: shortened(id), text: text))
    }

    /// Adds the report about other records.
    package mutating func add(_ other: TransferReport) {
        for (kind, more) in other.counts { counts[kind, default: TransferCounts()].add(more) }
        for mapping in other.mappings where !mappings.contains(mapping) { mappings.append(mapping) }
        remarks += other.remarks.prefix(max(Self.maximumRemarks - remarks.count, 0))
        remarkCount += other.remarkCount
    }

    /// Counts remarks of another report that it does not hold itself.
    package mutating func countRemarks(_ number: Int) {
        remarkCount += number
    }
}
