internal import ArtifactStore
internal import Files
internal import Tracking
internal import TrackingStore

/// A server that receives the changes of this store; one thread sends runs, experiments and models, another sends files.
protocol Upstream: Sendable {
    /// The kind of the server in messages: `Apus` or `MLflow`.
    var title: String { get }
    /// Whether one call can send many runs.
    var sendsManyRunsPerCall: Bool { get }
    /// Whether a creation that is sent twice can create two items, because the server chooses the ids.
    var mayCreateTwice: Bool { get }

    /// Whether the server has a run or experiment that was sent earlier.
    ///
    /// - Throws: a failure, of the kind `.missing` if the server answers that it does not have the item.
    func has(_ entity: KnownUpstreamEntity) throws(UpstreamFailure) -> Bool

    /// Sends an experiment; if the upstream has it already, updates it.
    ///
    /// - Parameter journalEntry: the journal's entry about the experiment; nil if the experiment was never sent.
    func send(_ experiment: Experiment, journalEntry: ForwardedEntity?) throws(UpstreamFailure) -> ItemOutcome

    /// Sends runs with some of their points.
    ///
    /// - Returns: the outcome of each run, in the order of the parcels.
    /// - Throws: a failure that concerns all runs.
    func send(_ parcels: [RunParcel]) throws(UpstreamFailure) -> [RunOutcome]

    /// Sends a logged model with all its points.
    ///
    /// - Parameter journalEntry: the journal's entry about the model; nil if the model's id at the upstream is not known.
    /// - Returns: the outcome, with the model's id at the upstream.
    func send(_ model: ModelParcel, journalEntry: ForwardedEntity?) throws(UpstreamFailure) -> ItemOutcome

    /// Sends a registered model with all its versions.
    ///
    /// - Parameter journalEntry: the journal's entry about the model; nil if the model's id at the upstream is not known.
    func send(_ entry: RegistryParcel, journalEntry: ForwardedEntity?) throws(UpstreamFailure) -> ItemOutcome

    /// Returns the folder at the upstream for the files of a run or logged model.
    func folder(of files: FileOwner) throws(UpstreamFailure) -> UploadFolder

    /// Sends the content of a file to a path of the server's artifacts.
    ///
    /// - Parameter location: the artifact location that the owner has at the upstream.
    func put(_ file: OpenArtifact, of owner: FileOwner, at location: String, to path: String) throws(UpstreamFailure)
}

/// A run with its parts that must be sent and some of its points.
struct RunParcel: Sendable {
    var forwarded: ForwardedRun
    var difference: RunDifference
    /// The run's state at the upstream while the difference is being sent; the parts of the difference are in doubt.
    var stateWhileSending: SentRun
    /// The id of the run's experiment at the upstream.
    var experiment: String
    /// The points to send, one list for each metric, in the order of `forwarded.series`.
    var points: [(series: ForwardedSeries, points: [MetricPoint])]

    var run: Run { forwarded.run.run }
    var pointCount: Int { points.reduce(0) { $0 + $1.points.count } }
}

/// The outcome of sending a run.
struct RunOutcome: Sendable {
    /// The run's id at the upstream; nil if the upstream does not have it.
    var remoteID: String?
    /// The run's state at the upstream now; unchanged if nothing was sent.
    var sent: SentRun?
    /// Whether the upstream accepted the parcel's points; refused points are in `omissions`.
    var hasSentPoints = false
    /// Why sending failed; nil if it did not.
    var failure: UpstreamFailure?
    /// The parts that the upstream lacks and that are not sent again.
    var omissions: Omissions = []
    /// The runs and models that the run names and the upstream lacks, so that parts of the run cannot be sent.
    var missing: [MissingTarget] = []
}

/// A run or model that a sent run names and that the upstream does not have.
struct MissingTarget: Sendable {
    var id: String
    /// The part of the sent run that names the missing run or model.
    var part: String
    /// The message for the operator.
    var reason: String
    /// Whether this server will send the missing run or model.
    var willBeSent: Bool
}

/// A logged model with all its points.
struct ModelParcel: Sendable {
    var model: TransferredLoggedModel
    var points: [ModelMetric]
    /// The id of the model's experiment at the upstream.
    var experiment: String
}

/// A registered model with all its versions.
struct RegistryParcel: Sendable {
    var model: TransferredRegisteredModel
    var versions: [TransferredModelVersion]
}

/// The parts of an item that an upstream lacks, and why.
typealias Omissions = [(part: String, reason: String)]

/// The outcome of sending an experiment, a logged model or a registered model: its id at the upstream, and the parts
/// that were not sent.
struct ItemOutcome: Sendable {
    var remoteID: String
    var omissions: Omissions = []
}

/// A run or logged model whose files are sent.
struct FileOwner: Sendable {
    /// The run or model, with its id in this store.
    var owner: ForwardedFileOwner
    /// The owner's id at the upstream.
    var remoteID: String
    /// The owner's artifact location in this store.
    var location: String
}

/// The folder at the upstream for the files of one owner.
enum UploadFolder: Sendable, Equatable {
    /// A path among the artifacts that the upstream serves itself; `location` is the URI that clients have for it.
    case proxied(String, location: String)
    /// No folder that this server can upload to, with the reason for the operator.
    case elsewhere(String)
}
