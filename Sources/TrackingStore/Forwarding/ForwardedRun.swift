package import Tracking

/// A run, and what another server has of it.
package struct ForwardedRun: Sendable {
    package var row: Int64
    /// Its metrics are empty.
    package var run: TransferredRun
    package var journal: ForwardedRunJournal
    /// The metrics of which points are missing there.
    package var series: [ForwardedSeries]
    /// The newest entry of the artifact journal for the run; 0 without one.
    package var lastArtifactEntry: Int64

    package var runID: String { run.run.info.runID }
    /// Points that are not known to be there.
    package var missingPoints: Int64 { series.reduce(0) { $0 + max($1.count - $1.sent, 0) } }
}

/// What the journal says of a run and another server.
package struct ForwardedRunJournal: Sendable, Equatable {
    /// The id there; nil until it is known to be there.
    package var target: String?
    /// What is there besides points and files, in the form of the forwarder.
    package var sent = ""
    /// Unix milliseconds; nil until something was confirmed.
    package var sentTime: Int64?
    /// The newest entry of the artifact journal when the files were last compared; nil before.
    package var artifactEntry: Int64?
    /// Why the last attempt failed, for a person.
    package var failure: String?
    /// Whether the operator wants nothing of it to be sent.
    package var isSkipped = false

    package init() {}
}

/// One metric of a run, and how much of it was sent.
package struct ForwardedSeries: Sendable, Equatable {
    package var keyID: Int64
    package var key: String
    /// The points that the run has.
    package var count: Int64
    /// Those that were sent, up to `last`.
    package var sent: Int64
    /// The last point that was sent, in the order of the history; nil if all are to be sent.
    package var last: MetricPoint?

    package init(keyID: Int64, key: String, count: Int64, sent: Int64 = 0, last: MetricPoint? = nil) {
        self.keyID = keyID
        self.key = key
        self.count = count
        self.sent = sent
        self.last = last
    }
}

/// A run in the list of what is there and what waits.
package struct ForwardedRunStatus: Sendable {
    package var row: Int64
    package var info: RunInfo
    package var journal: ForwardedRunJournal
    package var points: Int64
    package var sentPoints: Int64
}

/// Something that a server was given, by which it is recognized.
package enum ForwardEvidence: Sendable, Equatable {
    /// The id here and there.
    case run(String, target: String)
    /// The name, and the id there.
    case experiment(String, target: String)
}

/// The kinds of things besides runs that are sent to another server.
package enum ForwardedKind: Int64, Sendable, CaseIterable {
    case experiment = 0
    case loggedModel = 1
    case registeredModel = 2
    case modelVersion = 3
}

/// What the journal says of an experiment, a model or a version.
package struct ForwardedThing: Sendable, Equatable {
    /// What begins the digest of a thing that was sent without an answer.
    package static let attempt = "asked "

    /// The id or name there.
    package var target: String
    /// Of all that was sent of it.
    package var digest: String
    package var failure: String?
    /// Of a logged model: the newest entry of the artifact journal when its files were last compared; nil before.
    package var artifactEntry: Int64?

    package init(target: String, digest: String, failure: String? = nil, artifactEntry: Int64? = nil) {
        self.target = target
        self.digest = digest
        self.failure = failure
        self.artifactEntry = artifactEntry
    }
}

/// An artifact file that was sent.
package struct ForwardedFile: Sendable, Equatable {
    /// Relative to the folder of its run or model.
    package var path: String
    package var bytes: Int64
    /// Tells one upload of the file from another.
    package var version: String

    package init(path: String, bytes: Int64, version: String) {
        self.path = path
        self.bytes = bytes
        self.version = version
    }
}

/// What a server does not hold, or has differently.
package struct ForwardOmission: Sendable, Equatable {
    /// The run, model or experiment.
    package var subject: String
    /// What of it.
    package var part: String
    package var reason: String

    package init(subject: String, part: String, reason: String) {
        self.subject = subject
        self.part = part
        self.reason = reason
    }

    /// Of the experiment itself, whose name may be that of a registered model too.
    package static let experiment = "experiment"
    /// Of all files of a run or model.
    package static let files = "files"

    package static func part(ofDataset name: String) -> String { "dataset \(name)" }
    package static func part(ofExperimentTag key: String) -> String { "experiment tag \(key)" }
    package static func part(ofFile path: String) -> String { "file \(path)" }
    package static func part(ofMetric key: String) -> String { "metric \(key)" }
    package static func part(ofModel id: String) -> String { "model \(id)" }
    package static func part(ofParam key: String) -> String { "param \(key)" }
    package static func part(ofTag key: String) -> String { "tag \(key)" }

    /// Of a version that is there with another number, which is a note: nothing is missing.
    package static func part(ofNumber version: Int64) -> String { "\(numberPrefix)\(version)" }
    static let numberPrefix = "number of version "
}

/// What was confirmed of one run, to be written to the journal.
package struct ForwardedRunUpdate: Sendable {
    package var row: Int64
    package var journal: ForwardedRunJournal
    /// The metrics whose sent points have changed.
    package var series: [ForwardedSeries] = []
    package var omissions: [ForwardOmission] = []
    /// The run, and the parts of it that were sent, so that earlier omissions of them are over.
    package var sentParts: (subject: String, parts: [String])?

    package init(row: Int64, journal: ForwardedRunJournal) {
        self.row = row
        self.journal = journal
    }
}

/// What is to be sent of a run again although it was sent, or refused.
package struct ForwardedRunRetry: Sendable {
    package var row: Int64
    /// What counts as being there, in the form of the forwarder; nil to leave it.
    package var sent: String?
    /// The metrics of which no point counts as being there.
    package var metrics: [String] = []

    package init(row: Int64) {
        self.row = row
    }
}

/// A logged model with what identifies its points.
package struct ForwardedModel: Sendable {
    package var row: Int64
    package var model: TransferredLoggedModel
    /// Changes with the points of the model.
    package var pointsVersion: String
}
