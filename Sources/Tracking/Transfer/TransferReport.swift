/// The kinds of transfer records.
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

/// How many records of one kind an import added, completed or left unchanged; for records of points, how many points.
package struct TransferCounts: Sendable, Equatable {
    /// The number of entities that were new.
    package var added = 0
    /// The number of entities that existed, and to which the import added data that they lacked.
    package var completed = 0
    /// The number of entities that existed, and to which the import added nothing.
    package var unchanged = 0

    package init() {}

    package var total: Int { added + completed + unchanged }

    package mutating func add(_ other: TransferCounts) {
        added += other.added
        completed += other.completed
        unchanged += other.unchanged
    }

    /// Counts an entity that existed.
    ///
    /// - Parameter hasAdditions: whether the import added data to it.
    package mutating func countExisting(hasAdditions: Bool) {
        if hasAdditions { completed += 1 } else { unchanged += 1 }
    }
}

/// A message about data that was not imported, or about a user who can now read imported data.
package struct TransferRemark: Sendable, Equatable {
    package var kind: TransferKind
    /// The id or the name of the entity.
    package var id: String
    /// The message: one line for a person.
    package var text: String

    package init(kind: TransferKind, id: String, text: String) {
        self.kind = kind
        self.id = id
        self.text = text
    }

    /// The beginning of the text for a record of which nothing was stored.
    package static let leftOut = "left out: "
    package var isOfRecordLeftOut: Bool { text.utf8.starts(with: Self.leftOut.utf8) }

    /// The text for a registered model, or its version, if the stored model with the same name is another one.
    package static let otherModel = leftOut + "the name is that of another model, which was created at another time"
    /// The text for a version, if the stored version with the same number is another one.
    package static let otherVersion =
        leftOut + "the number is that of another version, which was created at another time"
}

/// An imported experiment whose id in this store differs from its id at the source.
package struct ExperimentMapping: Sendable, Hashable {
    /// The id at the source.
    package var source: Int64
    /// The id in this store.
    package var id: Int64
    package var name: String

    package init(source: Int64, id: Int64, name: String) {
        self.source = source
        self.id = id
        self.name = name
    }
}

/// The kind and the id of a run or logged model to which other records of an import may belong.
package struct TransferOwner: Sendable, Hashable {
    /// `run` or `loggedModel`.
    package var kind: TransferKind
    package var id: ExactText

    package init(_ kind: TransferKind, _ id: String) {
        self.kind = kind
        self.id = ExactText(id)
    }
}

/// The result of the import of some records.
package struct TransferReport: Sendable, Equatable {
    /// The maximum number of remarks in a report; further ones are only counted.
    package static let maximumRemarks = 200

    package var counts: [TransferKind: TransferCounts] = [:]
    package private(set) var remarks: [TransferRemark] = []
    /// The number of remarks, including those that are left out of `remarks`.
    package private(set) var remarkCount = 0
    package var mappings: [ExperimentMapping] = []
    /// The runs and logged models that were left out; unlike the remarks, this list is complete.
    package private(set) var leftOut: [TransferOwner] = []

    package init() {}

    /// Changes the counts of a kind of records.
    package mutating func count(_ kind: TransferKind, _ change: (inout TransferCounts) -> Void) {
        change(&counts[kind, default: TransferCounts()])
    }

    package mutating func remark(_ kind: TransferKind, _ id: String, _ text: String) {
        remarkCount += 1
        guard remarks.count < Self.maximumRemarks else { return }
        remarks.append(TransferRemark(kind: kind, id: shortened(id), text: text))
    }

    /// Records that a run or logged model was left out; does nothing for records of other kinds.
    package mutating func noteLeftOut(_ kind: TransferKind, _ id: String) {
        // A longer id is not legal, so no record that can be imported refers to it.
        guard kind == .run || kind == .loggedModel, id.utf8.count <= 1_024 else { return }
        leftOut.append(TransferOwner(kind, id))
    }

    /// Removes and returns the list of what was left out.
    package mutating func takeLeftOut() -> [TransferOwner] {
        defer { leftOut = [] }
        return leftOut
    }

    /// Adds a report about other records.
    package mutating func add(_ other: TransferReport) {
        for (kind, more) in other.counts { counts[kind, default: TransferCounts()].add(more) }
        for mapping in other.mappings where !mappings.contains(mapping) { mappings.append(mapping) }
        remarks += other.remarks.prefix(max(Self.maximumRemarks - remarks.count, 0))
        remarkCount += other.remarkCount
        leftOut += other.leftOut
    }

    /// Counts remarks that another report has left out.
    package mutating func countRemarks(_ number: Int) { remarkCount += number }
}
