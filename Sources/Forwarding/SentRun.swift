internal import JSON
package import Tracking
internal import TrackingStore

/// What an upstream has of a run besides points and files.
///
/// What is being sent, or was without an answer, is in doubt: it may be there as it was or as it is here. It is sent again,
/// even if the run has meanwhile become again what it was.
package struct SentRun: Sendable, Equatable {
    /// Of name, status and end.
    package var info: String
    /// nil in doubt.
    package var isDeleted: Bool?
    /// Fingerprints of the values, empty ones in doubt.
    package var params: [ExactText: String]
    package var tags: [ExactText: String]
    /// Of datasets and models.
    package var inputs: String
    /// When the upstream was asked to create the run, in Unix milliseconds, while no answer has come; nil for a run that is
    /// there.
    package var askedTime: Int64?

    /// Nothing but the run itself.
    package init() {
        info = ""
        isDeleted = false
        params = [:]
        tags = [:]
        inputs = ""
    }

    /// Everything that a run has.
    package init(_ run: Run) {
        info = Self.infoFingerprint(run.info)
        isDeleted = run.info.lifecycleStage == .deleted
        params = Dictionary(run.params.map { (ExactText($0.key), Fingerprint.of($0.value)) }) { $1 }
        tags = Dictionary(run.tags.map { (ExactText($0.key), Fingerprint.of($0.value)) }) { $1 }
        inputs = Self.inputsFingerprint(run)
    }

    static func infoFingerprint(_ info: RunInfo) -> String {
        Fingerprint.of(info.name, info.status.wireName, info.endTime.map { String($0) })
    }

    /// Empty for a run without datasets and models, as that of a run that has just been created.
    static func inputsFingerprint(_ run: Run) -> String {
        guard !(run.datasetInputs.isEmpty && run.modelInputs.isEmpty && run.modelOutputs.isEmpty) else { return "" }
        var fingerprint = Fingerprint()
        for input in run.datasetInputs {
            fingerprint.add(input.dataset.name)
            fingerprint.add(input.dataset.digest)
            for tag in input.tags {
                fingerprint.add(tag.key)
                fingerprint.add(tag.value)
            }
        }
        for input in run.modelInputs { fingerprint.add("input \(input.modelID)") }
        for output in run.modelOutputs { fingerprint.add("output \(output.modelID) \(output.step)") }
        return fingerprint.text
    }
}

extension SentRun {
    private static let inputsInDoubt = "?"

    /// What is known while a difference is being sent.
    ///
    /// - Parameter time: Unix milliseconds.
    package func doubting(_ difference: RunDifference, at time: Int64) -> SentRun {
        var copy = self
        if difference.isNew { copy.askedTime = time }
        if difference.hasOtherInfo { copy.info = "" }
        // A deleted run is restored while it is changed.
        if difference.deletion != nil || (isDeleted == true && !difference.isEmptyButDeletion) { copy.isDeleted = nil }
        for param in difference.params { copy.params[ExactText(param.key)] = "" }
        for key in difference.tags.map(\.key) + difference.removedTags { copy.tags[ExactText(key)] = "" }
        if difference.hasOtherInputs { copy.inputs = Self.inputsInDoubt }
        return copy
    }

    /// Lets a part that was refused, or not sent as it is to be, be in doubt.
    mutating func forget(_ part: String) {
        for key in params.keys where part == ForwardOmission.part(ofParam: key.text) { params[key] = "" }
        for key in tags.keys where part == ForwardOmission.part(ofTag: key.text) { tags[key] = "" }
        let ofInputs = [ForwardOmission.part(ofDataset: ""), ForwardOmission.part(ofModel: "")]
        if ofInputs.contains(where: { part.hasPrefix($0) }) { inputs = Self.inputsInDoubt }
    }

    /// How long a creation without an answer may still be carried out, by a proxy with a queue for instance.
    private static let millisecondsOfCreation: Int64 = 15_000

    /// How long to wait until it is certain that the run can be found, if a creation had no answer; nil if it is now.
    ///
    /// - Parameter now: Unix milliseconds.
    func pause(at now: Int64) -> Duration? { askedTime.flatMap { Self.pause(sinceAsked: $0, at: now) } }

    static func pause(sinceAsked time: Int64, at now: Int64) -> Duration? {
        // The clock may have been set back.
        guard now >= time, now - time < millisecondsOfCreation else { return nil }
        return .milliseconds(millisecondsOfCreation - (now - time))
    }
}

extension ForwardedRunJournal {
    /// What is there; nil for a run that the upstream was never asked to take.
    var known: SentRun? { SentRun(sent) ?? (target == nil ? nil : SentRun()) }
}

extension ForwardedThing {
    /// The digest of a thing that is being sent, so that it is in doubt until an answer has come.
    ///
    /// - Parameter time: Unix milliseconds.
    static func digest(ofAttemptAt time: Int64) -> String { attempt + String(time) }

    /// When it was sent without an answer, in Unix milliseconds; nil for one that had an answer.
    var askedTime: Int64? { digest.hasPrefix(Self.attempt) ? Int64(digest.dropFirst(Self.attempt.count)) : nil }

    /// Whether it is to be sent again.
    var isInDoubt: Bool { digest.isEmpty || askedTime != nil }
}

/// The form in the journal.
extension SentRun {
    /// nil for a text that `text` has not made.
    package init?(_ text: String) {
        guard let value = try? JSONDocument(parsing: Array(text.utf8)).root, value.kind == .object,
            let info = value["info"]?.string, let inputs = value["inputs"]?.string
        else { return nil }
        self.init()
        self.info = info
        self.inputs = inputs
        isDeleted = value["deleted"]?.bool
        askedTime = value["asked"]?.int64
        params = Self.pairs(value["params"])
        tags = Self.pairs(value["tags"])
    }

    package var text: String {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.member("info", info)
        if let isDeleted { writer.member("deleted", isDeleted) }
        writer.member("asked", ifPresent: askedTime)
        writer.member("inputs", inputs)
        writer.memberObject("params") { Self.write(params, &$0) }
        writer.memberObject("tags") { Self.write(tags, &$0) }
        writer.endObject()
        return String(decoding: writer.takeBytes(), as: UTF8.self)
    }

    private static func pairs(_ value: JSONValue?) -> [ExactText: String] {
        guard let value else { return [:] }
        return Dictionary(value.members.map { (ExactText($0.key), $0.value.string ?? "") }) { $1 }
    }

    private static func write(_ pairs: [ExactText: String], _ writer: inout JSONWriter) {
        for (key, value) in pairs.sorted(by: { $0.key.text.utf8.lexicographicallyPrecedes($1.key.text.utf8) }) {
            writer.key(key.text)
            writer.string(value)
        }
    }
}

/// What is to be sent of a run besides points and files.
package struct RunDifference: Sendable, Equatable {
    /// Whether the upstream is not known to have the run.
    package var isNew: Bool
    /// Whether name, status or end are others there.
    package var hasOtherInfo: Bool
    /// Whether it must be deleted there, or restored; nil for neither.
    package var deletion: Bool?
    package var params: [Param]
    package var tags: [Tag]
    /// The keys of tags that were removed here.
    package var removedTags: [String]
    package var hasOtherInputs: Bool

    /// - Parameter sent: nil for a run that the upstream was never asked to take.
    package init(_ run: Run, sent: SentRun?) {
        let known = sent ?? SentRun()
        isNew = sent == nil || known.askedTime != nil
        hasOtherInfo = !isNew && known.info != SentRun.infoFingerprint(run.info)
        let isDeleted = run.info.lifecycleStage == .deleted
        deletion = isDeleted == known.isDeleted ? nil : isDeleted
        params = run.params.filter { known.params[ExactText($0.key)] != Fingerprint.of($0.value) }
        tags = run.tags.filter { known.tags[ExactText($0.key)] != Fingerprint.of($0.value) }
        let keys = Set(run.tags.map { ExactText($0.key) })
        removedTags = known.tags.keys.filter { !keys.contains($0) }.map(\.text)
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        hasOtherInputs = known.inputs != SentRun.inputsFingerprint(run)
    }

    package var isEmpty: Bool {
        !isNew && !hasOtherInfo && deletion == nil && params.isEmpty && tags.isEmpty && removedTags.isEmpty
            && !hasOtherInputs
    }

    var isEmptyButDeletion: Bool {
        var copy = self
        copy.deletion = nil
        return copy.isEmpty
    }
}
