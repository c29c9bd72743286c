internal import ArtifactStore
internal import Files
internal import Tracking
internal import TrackingStore

/// A server that gets what is new; one thread sends runs and things, another one files.
protocol Upstream: Sendable {
    /// What kind of server it is, for a person.
    var title: String { get }
    /// Whether many runs travel in one call.
    var takesMany: Bool { get }
    /// Whether something is there twice if its creation is carried out twice, because the server gives ids itself.
    var mayCreateTwice: Bool { get }

    /// Whether the server has what it was given earlier.
    ///
    /// - Throws: `.missing` also says that it has not.
    func holds(_ evidence: ForwardEvidence) throws(UpstreamFailure) -> Bool

    /// Sends an experiment; one that is there gets what it lacks.
    func take(_ experiment: Experiment, known: ForwardedThing?) throws(UpstreamFailure) -> ThingOutcome

    /// Sends runs with some of their points.
    ///
    /// - Returns: what became of each, in their order.
    /// - Throws: a failure that concerns all of them.
    func take(_ parcels: [RunParcel]) throws(UpstreamFailure) -> [RunOutcome]

    /// Sends a logged model with all its points.
    ///
    /// - Returns: its id there.
    func take(_ model: ModelParcel, known: ForwardedThing?) throws(UpstreamFailure) -> ThingOutcome

    /// Sends a registered model with all its versions.
    func take(_ entry: RegistryParcel, known: ForwardedThing?) throws(UpstreamFailure) -> ThingOutcome

    /// Where the files of a run or logged model go.
    func place(of files: FileOwner) throws(UpstreamFailure) -> FilePlace

    /// Sends the content of a file to a path of the server's artifacts.
    ///
    /// - Parameter location: that of the owner's files there.
    func put(_ file: OpenArtifact, of owner: FileOwner, at location: String, to path: String) throws(UpstreamFailure)
}

/// A run, what is to be sent of it, and some of its points.
struct RunParcel: Sendable {
    var forwarded: ForwardedRun
    var difference: RunDifference
    /// What is known to be there while the difference is being sent.
    var doubted: SentRun
    /// The id of its experiment there.
    var experiment: String
    /// The points to send, each list of one of `forwarded.series`.
    var points: [(series: ForwardedSeries, points: [MetricPoint])]

    var run: Run { forwarded.run.run }
    var pointCount: Int { points.reduce(0) { $0 + $1.points.count } }
}

/// What became of a run.
struct RunOutcome: Sendable {
    /// Its id there; nil if it is not there.
    var target: String?
    /// What is there now; as before where nothing was taken.
    var sent: SentRun?
    /// Whether its points were taken.
    var tookPoints = false
    /// Why something was not taken; nil if all was.
    var failure: UpstreamFailure?
    /// What the server does not hold, and will not.
    var omissions: [(part: String, reason: String)] = []
    /// Runs and models that it names and that are not there, so that something of it is not sent.
    var missing: [MissingTarget] = []
}

/// A run or model that is named by a run and is not at the upstream.
struct MissingTarget: Sendable {
    var id: String
    /// What of the run waits for it.
    var part: String
    /// For a person.
    var reason: String
    /// Whether it is sent soon.
    var isComing: Bool
}

/// A logged model with all its points.
struct ModelParcel: Sendable {
    var model: TransferredLoggedModel
    var points: [ModelMetric]
    /// The id of its experiment there.
    var experiment: String
}

/// A registered model with all its versions.
struct RegistryParcel: Sendable {
    var model: TransferredRegisteredModel
    var versions: [TransferredModelVersion]
}

/// What became of an experiment, a model or an entry of the registry.
struct ThingOutcome: Sendable {
    var target: String
    var omissions: [(part: String, reason: String)] = []
}

/// A run or logged model whose files are sent.
struct FileOwner: Sendable {
    var owner: ForwardedFileOwner
    /// Its id there.
    var target: String
    /// Its folder here.
    var location: String
}

/// Where files go.
enum FilePlace: Sendable, Equatable {
    /// Beneath this path of the server's artifacts, which clients know by a location.
    case proxied(String, location: String)
    /// Nowhere, for a reason.
    case elsewhere(String)
}
