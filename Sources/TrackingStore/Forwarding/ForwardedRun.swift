package import Tracking

/// A run, and what was already sent of it to an upstream: another server to which this server forwards its runs.
package struct ForwardedRun: Sendable {
    /// The row id of the run in the table `runs`.
    package var row: Int64
    /// The run without its metrics.
    package var run: TransferredRun
    package var journal: ForwardedRunJournal
    /// The metrics whose points were not all sent to the upstream.
    package var series: [ForwardedSeries]
    /// The id of the newest entry of the artifact journal for the run; 0 if there is none.
    package var newestArtifactEntry: Int64

    package var runID: String { run.run.info.runID }
    /// The number of points that the upstream has not confirmed.
    package var missingPoints: Int64 { series.reduce(0) { $0 + max($1.count - $1.sentCount, 0) } }
}

/// What the journal of forwarding contains about a run and an upstream.
package struct ForwardedRunJournal: Sendable, Equatable {
    /// The id of the run in the upstream; nil until the upstream is known to have the run.
    package var remoteID: String?
    /// What was sent of the run apart from points and files, in a format that only the forwarder reads.
    package var sentContent = ""
    /// The time of the last confirmation, in Unix milliseconds; nil before the first one.
    package var sentTime: Int64?
    /// The id that the newest entry of the artifact journal for the run had when the run's files were last compared with the
    /// files that were sent; nil before the first comparison.
    package var comparedArtifactEntry: Int64?
    /// Why the last attempt failed, as a text for people; nil if it did not fail.
    package var failure: String?
    /// Whether the operator has excluded the run from forwarding.
    package var isSkipped = false

    package init() {}
}

/// One metric of a run, and how many of its points were sent.
package struct ForwardedSeries: Sendable, Equatable {
    package var keyID: Int64
    package var key: String
    /// The number of points that the run has.
    package var count: Int64
    /// The number of points that were sent, up to and including `last`.
    package var sentCount: Int64
    /// The last point that was sent, in the order of the history; nil if no point was sent.
    package var last: MetricPoint?

    package init(keyID: Int64, key: String, count: Int64, sentCount: Int64 = 0, last: MetricPoint? = nil) {
        self.keyID = keyID
        self.key = key
        self.count = count
        self.sentCount = sentCount
        self.last = last
    }
}

/// A run and the number of its points that were sent, for a list of the forwarded runs.
package struct ForwardedRunStatus: Sendable {
    package var row: Int64
    package var info: RunInfo
    package var journal: ForwardedRunJournal
    /// The number of points that the run has.
    package var points: Int64
    package var sentPoints: Int64
}

/// A run or experiment that was sent to an upstream.
///
/// The forwarder asks the upstream for several such entities. If the upstream has none of them, it is another server or has a new
/// database, so everything is sent again.
package enum KnownUpstreamEntity: Sendable, Equatable {
    /// The run's id in this store and in the upstream.
    case run(String, remoteID: String)
    /// The experiment's name, and its id in the upstream.
    case experiment(String, remoteID: String)
}

/// The kinds of entities other than runs that are sent to an upstream.
package enum ForwardedKind: Int64, Sendable, CaseIterable {
    case experiment = 0
    case loggedModel = 1
    case registeredModel = 2
    case modelVersion = 3
}

/// What the journal of forwarding contains about an experiment, a model or a version.
package struct ForwardedEntity: Sendable, Equatable {
    /// `digest` begins with this text from the moment before the entity is sent until an answer is received.
    ///
    /// During this time, it is not known whether the upstream has the entity.
    package static let unansweredPrefix = "asked "

    /// The id or name in the upstream; empty if the upstream does not have the entity.
    package var remoteID: String
    /// A hash of the entity as it was sent; if it is empty, the entity must be sent again.
    package var digest: String
    /// Why the upstream refused the entity, as a text for people; nil if it did not.
    package var failure: String?
    /// For a logged model: the id that the newest entry of the artifact journal had when the model's files were last compared
    /// with the files that were sent; nil before the first comparison.
    package var comparedArtifactEntry: Int64?

    package init(remoteID: String, digest: String, failure: String? = nil, comparedArtifactEntry: Int64? = nil) {
        self.remoteID = remoteID
        self.digest = digest
        self.failure = failure
        self.comparedArtifactEntry = comparedArtifactEntry
    }
}

/// An artifact file that was sent.
package struct ForwardedFile: Sendable, Equatable {
    /// The path relative to the folder of the run or model.
    package var path: String
    package var bytes: Int64
    /// Distinguishes different uploads of the same path.
    package var version: String

    package init(path: String, bytes: Int64, version: String) {
        self.path = path
        self.bytes = bytes
        self.version = version
    }
}

/// A part of a run, model or experiment that an upstream does not have, or has with a different value.
package struct ForwardOmission: Sendable, Equatable {
    /// The id of the run or logged model, or the name of the registered model or experiment.
    package var subject: String
    /// The part of the subject, such as `param KEY`.
    package var part: String
    package var reason: String

    package init(subject: String, part: String, reason: String) {
        self.subject = subject
        self.part = part
        self.reason = reason
    }

    /// The part that means an experiment as a whole; it distinguishes the experiment from a registered model with the same name.
    package static let experiment = "experiment"
    /// The part that means all files of a run or model.
    package static let files = "files"

    package static func part(ofDataset name: String) -> String { "dataset \(name)" }
    package static func part(ofExperimentTag key: String) -> String { "experiment tag \(key)" }
    package static func part(ofFile path: String) -> String { "file \(path)" }
    package static func part(ofMetric key: String) -> String { "metric \(key)" }
    package static func part(ofModel id: String) -> String { "model \(id)" }
    package static func part(ofParam key: String) -> String { "param \(key)" }
    package static func part(ofTag key: String) -> String { "tag \(key)" }

    /// The part for a version that has another number in the upstream.
    ///
    /// Nothing is missing in the upstream then, so the omission is reported as a note.
    package static func part(forNumberOfVersion version: Int64) -> String { "\(renumberedVersionPrefix)\(version)" }
    static let renumberedVersionPrefix = "number of version "
}

/// What an upstream has confirmed about one run, to be written to the journal of forwarding.
package struct ForwardedRunUpdate: Sendable {
    package var row: Int64
    package var journal: ForwardedRunJournal
    /// The metrics whose number of sent points has changed.
    package var series: [ForwardedSeries] = []
    package var omissions: [ForwardOmission] = []
    /// The run's id and the parts of the run that were sent; earlier omissions of these parts are deleted.
    package var sentParts: (subject: String, parts: [String])?

    package init(row: Int64, journal: ForwardedRunJournal) {
        self.row = row
        self.journal = journal
    }
}

/// The parts of a run that are to be sent again, although they were already sent or refused.
package struct ForwardedRunRetry: Sendable {
    package var row: Int64
    /// The new value of `ForwardedRunJournal.sentContent`; nil to keep the old value.
    package var sentContent: String?
    /// The keys of the metrics whose points are all sent again.
    package var metrics: [String] = []

    package init(row: Int64) { self.row = row }
}

/// A logged model without its points.
package struct ForwardedModel: Sendable {
    package var row: Int64
    package var model: TransferredLoggedModel
    /// A text that changes when points of the model are added or removed.
    package var pointsFingerprint: String
}
