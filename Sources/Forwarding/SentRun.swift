internal import JSON
package import Tracking
internal import TrackingStore

/// The state of a run at an upstream, except for points and files.
///
/// A part that is being sent, or was sent without an answer, is in doubt: the upstream may have its old or its new
/// value. Such a part is sent again, even if the run meanwhile has its old value again.
package struct SentRun: Sendable, Equatable {
    /// The fingerprint of name, status and end time; empty if in doubt.
    package var info: String
    /// Whether the run is deleted at the upstream; nil if in doubt.
    package var isDeleted: Bool?
    /// The fingerprints of the values by key; empty for values in doubt.
    package var params: [ExactText: String]
    package var tags: [ExactText: String]
    /// The fingerprint of datasets and models; `inputsInDoubt` if in doubt.
    package var inputs: String
    /// When the upstream was asked to create the run, in Unix milliseconds, if no answer has come; nil for a run that
    /// the upstream has.
    package var unansweredTime: Int64?

    /// The state of a run that was created without any details.
    package init() {
        info = ""
        isDeleted = false
        params = [:]
        tags = [:]
        inputs = ""
    }

    /// The state of a run that was sent completely.
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

    /// The fingerprint of a run's datasets and models; empty if it has none.
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

    /// Returns the state in which the parts of a difference are in doubt, because they are being sent.
    ///
    /// - Parameter time: the current time in Unix milliseconds.
    package func withDoubts(about difference: RunDifference, at time: Int64) -> SentRun {
        var copy = self
        if difference.isNew { copy.unansweredTime = time }
        if difference.hasOtherInfo { copy.info = "" }
        // A deleted run is restored while it is changed.
        if difference.deletion != nil || (isDeleted == true && !difference.isEmptyButDeletion) { copy.isDeleted = nil }
        for param in difference.params { copy.params[ExactText(param.key)] = "" }
        for key in difference.tags.map(\.key) + difference.removedTags { copy.tags[ExactText(key)] = "" }
        if difference.hasOtherInputs { copy.inputs = Self.inputsInDoubt }
        return copy
    }

    /// Marks a part as in doubt, because it was refused or not sent in its final form.
    mutating func markInDoubt(_ part: String) {
        for key in params.keys where part == ForwardOmission.part(ofParam: key.text) { params[key] = "" }
        for key in tags.keys where part == ForwardOmission.part(ofTag: key.text) { tags[key] = "" }
        let ofInputs = [ForwardOmission.part(ofDataset: ""), ForwardOmission.part(ofModel: "")]
        if ofInputs.contains(where: { part.hasPrefix($0) }) { inputs = Self.inputsInDoubt }
    }

    /// The time within which a creation that got no answer may still be carried out, for example because a proxy has
    /// queued it; in milliseconds.
    private static let millisecondsOfCreation: Int64 = 15_000

    /// The time to wait after a creation without an answer until the run, if it was created, can be found; nil if no
    /// wait is needed.
    ///
    /// - Parameter now: the current time in Unix milliseconds.
    func pause(at now: Int64) -> Duration? { unansweredTime.flatMap { Self.pause(afterCreationAt: $0, at: now) } }

    static func pause(afterCreationAt time: Int64, at now: Int64) -> Duration? {
        // After the clock was set back, the time is in the future.
        guard now >= time, now - time < millisecondsOfCreation else { return nil }
        return .milliseconds(millisecondsOfCreation - (now - time))
    }
}

extension ForwardedRunJournal {
    /// The state of the run at the upstream; nil for a run that was never sent.
    var sent: SentRun? { SentRun(sentContent) ?? (remoteID == nil ? nil : SentRun()) }
}

extension ForwardedEntity {
    /// The digest that the journal has while an item is being sent, which marks the item as in doubt until an answer is received.
    ///
    /// - Parameter time: the time of the attempt in Unix milliseconds.
    static func digest(ofAttemptAt time: Int64) -> String { unansweredPrefix + String(time) }

    /// The time of the attempt that has no answer yet, in Unix milliseconds; nil if the last attempt had an answer.
    var unansweredTime: Int64? {
        digest.hasPrefix(Self.unansweredPrefix) ? Int64(digest.dropFirst(Self.unansweredPrefix.count)) : nil
    }

    /// Whether the item must be sent again because its state at the upstream is not certain.
    var isInDoubt: Bool { digest.isEmpty || unansweredTime != nil }
}

/// The JSON text in the journal.
extension SentRun {
    /// Parses a text that `text` made; nil for any other text.
    package init?(_ text: String) {
        guard let value = try? JSONDocument(parsing: Array(text.utf8)).root, value.kind == .object,
            let info = value["info"]?.string, let inputs = value["inputs"]?.string
        else { return nil }
        self.init()
        self.info = info
        self.inputs = inputs
        isDeleted = value["deleted"]?.bool
        unansweredTime = value["asked"]?.int64
        params = Self.pairs(value["params"])
        tags = Self.pairs(value["tags"])
    }

    package var text: String {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.member("info", info)
        if let isDeleted { writer.member("deleted", isDeleted) }
        writer.member("asked", ifPresent: unansweredTime)
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

/// The parts of a run that have to be sent, except for points and files.
package struct RunDifference: Sendable, Equatable {
    /// Whether the run must be created, because no answer has shown that the upstream has it.
    package var isNew: Bool
    /// Whether the upstream has another name, status or end time.
    package var hasOtherInfo: Bool
    /// true if the run must be deleted at the upstream, false if it must be restored, nil for neither.
    package var deletion: Bool?
    package var params: [Param]
    package var tags: [Tag]
    /// The keys of tags that were removed in this store.
    package var removedTags: [String]
    /// Whether the upstream has other datasets or models of the run.
    package var hasOtherInputs: Bool

    /// - Parameter sent: what the upstream has of the run; nil for a run that was never sent.
    package init(_ run: Run, sent: SentRun?) {
        let earlier = sent ?? SentRun()
        isNew = sent == nil || earlier.unansweredTime != nil
        hasOtherInfo = !isNew && earlier.info != SentRun.infoFingerprint(run.info)
        let isDeleted = run.info.lifecycleStage == .deleted
        deletion = isDeleted == earlier.isDeleted ? nil : isDeleted
        params = run.params.filter { earlier.params[ExactText($0.key)] != Fingerprint.of($0.value) }
        tags = run.tags.filter { earlier.tags[ExactText($0.key)] != Fingerprint.of($0.value) }
        let keys = Set(run.tags.map { ExactText($0.key) })
        removedTags = earlier.tags.keys.filter { !keys.contains($0) }.map(\.text)
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        hasOtherInputs = earlier.inputs != SentRun.inputsFingerprint(run)
    }

    package var isEmpty: Bool {
        !isNew && !hasOtherInfo && deletion == nil && params.isEmpty && tags.isEmpty && removedTags.isEmpty
            && !hasOtherInputs
    }

    /// Whether nothing but the deletion or restoration of the run has to be sent, or nothing at all.
    var isEmptyButDeletion: Bool {
        var copy = self
        copy.deletion = nil
        return copy.isEmpty
    }
}
