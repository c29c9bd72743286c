internal import ArtifactStore
internal import Coding
internal import HTTPWire
internal import JSON
internal import Tracking
internal import TrackingStore
internal import Transfer

/// An upstream that is another Apus.
///
/// It accepts records with their ids and times, so runs and models keep their ids.
struct ApusUpstream: Upstream {
    let calls: any UpstreamCalls
    var runs: RunCalls { RunCalls(calls: calls) }

    let title = "Apus"
    let sendsManyRunsPerCall = true
    let mayCreateTwice = false

    init(_ calls: any UpstreamCalls) { self.calls = calls }

    /// Whether a server is Apus.
    ///
    /// The check imports an empty list of records, which changes nothing. It does not use the `Server` header, because
    /// a proxy may have set it.
    ///
    /// - Throws: for instance if the server refuses the import and answers no call of MLflow, so that its kind is unknown.
    static func isServer(of calls: RetryingCalls) throws(UpstreamFailure) -> Bool {
        if try importsRecords(calls) { return true }
        try calls.checkServer()
        // The server may have become reachable between the two calls, so the first one is repeated.
        return try importsRecords(calls)
    }

    private static func importsRecords(_ calls: RetryingCalls) throws(UpstreamFailure) -> Bool {
        do {
            let answer = try calls.send(.post, "/api/apus/1.0/import", .records([]))
            return (try? answer.json()["counts"]) != nil
        } catch let error where error.isAboutItem { return false }
    }

    func has(_ entity: KnownUpstreamEntity) throws(UpstreamFailure) -> Bool {
        switch entity {
        case .run(let id, let remoteID):
            let run = try runs.get("runs/get", [("run_id", remoteID)])["run"]
            return run?["info"]?["run_id"]?.string == id
        case .experiment(let name, let remoteID): return try runs.has(experiment: remoteID, named: name)
        }
    }

    /// Imports records in one call, which stores all of them or none; if the body is too long, sends each half in its own call.
    private func send(_ records: [TransferRecord]) throws(UpstreamFailure) -> TransferReport {
        var writer = JSONWriter(capacity: 65_536)
        var body: [UInt8] = []
        for record in records {
            writer.record(record)
            body += writer.takeBytes() + [UInt8(ascii: "\n")]
            writer = JSONWriter(continuing: [])
        }
        do throws(UpstreamFailure) {
            let answer = try calls.send(.post, "/api/apus/1.0/import", .records(body)).json()
            if let report = TransferReport(answer) { return report }
            throw .invalidAnswer("its answer is not a report of an import")
        } catch {
            guard error.isAboutLength, let (first, second) = Self.halves(records) else { throw error }
            var report = try send(first)
            report.add(try send(second))
            return report
        }
    }

    /// The two halves of the records, in their order; for a single record, the two halves of its points; nil if there is
    /// nothing to divide.
    private static func halves(_ records: [TransferRecord]) -> ([TransferRecord], [TransferRecord])? {
        if records.count > 1 {
            let middle = records.count / 2
            return (Array(records[..<middle]), Array(records[middle...]))
        }
        switch records.first {
        case .points(var points) where points.points.count > 1:
            let all = points.points
            points.points = Array(all[..<(all.count / 2)])
            let first = points
            points.points = Array(all[(all.count / 2)...])
            return ([.points(first)], [.points(points)])
        case .modelPoints(var points) where points.points.count > 1:
            let all = points.points
            points.points = Array(all[..<(all.count / 2)])
            let first = points
            points.points = Array(all[(all.count / 2)...])
            return ([.modelPoints(first)], [.modelPoints(points)])
        default: return nil
        }
    }

    func send(_ experiment: Experiment, journalEntry: ForwardedEntity?) throws(UpstreamFailure) -> ItemOutcome {
        // An import never changes an existing experiment, so this call updates it.
        if let outcome = try runs.update(journalEntry, experiment) { return outcome }
        var outcome = ItemOutcome(remoteID: "")
        let report = try send([.experiment(experiment)])
        // If the upstream left the experiment out, the id may belong to another experiment, so this counts as a refusal.
        try Self.requireImported(.experiment, report)
        outcome.remoteID = String(report.mappings.first { $0.source == experiment.id }?.id ?? experiment.id)
        // The upstream used an existing experiment with this name. This call restores it if it is deleted there but not here.
        if report.counts[.experiment]?.added != 1 {
            try runs.update(outcome.remoteID, experiment, isOurs: false, &outcome.omissions)
        }
        return outcome
    }

    func send(_ parcels: [RunParcel]) throws(UpstreamFailure) -> [RunOutcome] {
        var outcomes = parcels.map { parcel in
            RunOutcome(remoteID: parcel.forwarded.journal.remoteID, sent: parcel.stateWhileSending)
        }
        for (index, parcel) in parcels.enumerated() where !parcel.difference.isNew { update(parcel, &outcomes[index]) }
        // A failure of the server concerns all runs that were not sent.
        if let failure = outcomes.lazy.compactMap(\.failure).first(where: { $0.isAboutServer }) {
            return outcomes.map { outcome in
                var outcome = outcome
                outcome.failure = outcome.failure ?? failure
                return outcome
            }
        }
        return try send(parcels, outcomes, isShort: false)
    }

    /// Sends the records of those runs whose outcome has no failure.
    ///
    /// - Parameter isShort: whether to leave out params and tags, which follow in their own calls because they are too
    ///   long for one call.
    private func send(
        _ parcels: [RunParcel],
        _ outcomes: [RunOutcome],
        isShort: Bool
    ) throws(UpstreamFailure) -> [RunOutcome] {
        var records: [TransferRecord] = []
        for (parcel, outcome) in zip(parcels, outcomes) where outcome.failure == nil {
            if parcel.difference.isNew || parcel.difference.hasOtherInputs {
                var sourceExperiment = parcel.forwarded.run.experiment
                sourceExperiment.id = Int64(parcel.experiment) ?? sourceExperiment.id
                var run = parcel.forwarded.run
                let location = run.run.info.artifactURI
                run.run.info.artifactURI = Self.location(location, from: run.experiment.id, to: parcel.experiment)
                run.experiment = sourceExperiment
                // `update` has sent the params and tags of a run that the upstream has.
                if isShort || !parcel.difference.isNew { (run.run.params, run.run.tags) = ([], []) }
                records.append(.run(run))
            }
            for (series, points) in parcel.points where !points.isEmpty {
                let id = parcel.forwarded.runID
                var identity = parcel.forwarded.run.identity
                identity.experiment.id = Int64(parcel.experiment) ?? identity.experiment.id
                records.append(
                    .points(TransferredPoints(runID: id, key: series.key, points: points, identity: identity))
                )
            }
        }
        guard !records.isEmpty else { return outcomes.map { $0.with(points: true) } }
        do {
            let report = try send(records)
            // The report leaves out some remarks, so it does not show for each run whether its points were accepted.
            if report.remarkCount > report.remarks.count, parcels.count > 1 { return try sendSingly(parcels, outcomes) }
            return zip(parcels, outcomes).map { parcel, outcome in
                guard outcome.failure == nil else { return outcome }
                let id = parcel.forwarded.runID
                let isLeftOut = report.leftOut.contains(TransferOwner(.run, id))
                let remark = report.remarks.first { remark in
                    (remark.isAboutRun(id) || remark.isAboutPoints(id)) && remark.isOfRecordLeftOut
                }
                if isLeftOut || remark != nil {
                    var outcome = outcome
                    outcome.failure = UpstreamFailure(.refused, remark.map(Self.reason) ?? Self.unknownReason)
                    return outcome
                }
                var outcome = outcome.with(points: true)
                outcome.remoteID = id
                outcome.sent = SentRun(parcel.run)
                if parcel.difference.isNew {
                    // The upstream may have had an older state of the run already, so the next round sends every part
                    // that is in doubt.
                    let wasAsked = parcel.forwarded.journal.sent != nil
                    let isOther = report.remarks.contains { $0.isAboutRun(id) }
                    if isOther || wasAsked || isShort {
                        outcome.sent = parcel.stateWhileSending
                        outcome.sent?.unansweredTime = nil
                        outcome.sent?.isDeleted = nil
                    }
                }
                return outcome
            }
        } catch {
            if error.isAboutLength, parcels.count == 1, !isShort { return try send(parcels, outcomes, isShort: true) }
            guard !error.isAboutServer, parcels.count > 1 else {
                return zip(parcels, outcomes).map { parcel, outcome in
                    guard outcome.failure == nil else { return outcome }
                    var outcome = outcome
                    outcome.failure = error
                    if parcel.difference.isNew, !error.mayBeCarriedOut { outcome.sent = parcel.forwarded.journal.sent }
                    return outcome
                }
            }
            // One of the runs may be the cause, so each run is sent alone.
            return try sendSingly(parcels, outcomes)
        }
    }

    /// Sends each run whose outcome has no failure in a call of its own.
    private func sendSingly(_ parcels: [RunParcel], _ outcomes: [RunOutcome]) throws(UpstreamFailure) -> [RunOutcome] {
        try zip(parcels, outcomes).map { (parcel, outcome) throws(UpstreamFailure) in
            outcome.failure == nil ? try send([parcel])[0] : outcome
        }
    }

    /// Updates a run that the upstream has, because an import does not change existing runs.
    private func update(_ parcel: RunParcel, _ outcome: inout RunOutcome) {
        let remoteID = outcome.remoteID ?? parcel.forwarded.runID
        var sent = parcel.stateWhileSending
        do throws(UpstreamFailure) {
            try runs.update(remoteID, parcel, sent: &sent, omissions: &outcome.omissions) { $0 }
            try runs.applyDeletion(remoteID, parcel, sent: &sent)
        } catch { outcome.failure = error }
        outcome.sent = sent
    }

    func send(_ parcel: ModelParcel, journalEntry: ForwardedEntity?) throws(UpstreamFailure) -> ItemOutcome {
        var model = parcel.model
        let location = model.model.info.artifactURI
        model.model.info.artifactURI = Self.location(location, from: model.experiment.id, to: parcel.experiment)
        model.experiment.id = Int64(parcel.experiment) ?? model.experiment.id
        var records: [TransferRecord] = [.loggedModel(model)]
        let id = model.model.info.modelID
        for start in stride(from: 0, to: parcel.points.count, by: 1_000) {
            let part = Array(parcel.points[start..<min(start + 1_000, parcel.points.count)])
            records.append(.modelPoints(TransferredModelPoints(modelID: id, points: part, identity: model.identity)))
        }
        let report = try send(records)
        // If the upstream left the model out, the id may belong to another model, which must not get this one's tags and files.
        try Self.requireImported(.loggedModel, report)
        var outcome = ItemOutcome(remoteID: id)
        if journalEntry == nil {
            outcome.omissions = report.remarks.map { ($0.kind.title, Self.reason($0)) }
        } else {
            try runs.setTags(ofModel: id, model.model.tags, &outcome.omissions)
        }
        return outcome
    }

    func send(_ parcel: RegistryParcel, journalEntry: ForwardedEntity?) throws(UpstreamFailure) -> ItemOutcome {
        let versions = try relocated(parcel.versions).map { TransferRecord.modelVersion($0) }
        let report = try send([.registeredModel(parcel.model)] + versions)
        let model = parcel.model.model
        var outcome = ItemOutcome(remoteID: model.name)
        let isOther = report.remarks.contains { $0.kind == .registeredModel && $0.text == TransferRemark.otherModel }
        // Another model of the upstream has the same name, and is never changed.
        if isOther { outcome.remoteID = "" }
        guard journalEntry != nil, !isOther else {
            outcome.omissions = report.remarks.map { ("\($0.kind.title) \($0.id)", Self.reason($0)) }
            return outcome
        }
        let registry = RegistryCalls(runs)
        var numbers: [Int64: String] = [:]
        let others = Set(report.remarks.filter { $0.text == TransferRemark.otherVersion }.map(\.id))
        for version in parcel.versions.map(\.version) {
            // The report may lack a remark about this version, so the version must not be changed either.
            guard report.remarkCount == report.remarks.count else {
                outcome.omissions.append(("version \(version.version)", "the upstream's report omits some remarks"))
                continue
            }
            // Another version of the upstream has the same number, and is never changed.
            let id = TransferRecord.id(ofVersion: version)
            guard !others.contains(shortened(id)) else {
                outcome.omissions.append(("version \(version.version)", TransferRemark.otherVersion))
                continue
            }
            let number = String(version.version)
            try registry.update(version, number: number, &outcome.omissions)
            numbers[version.version] = number
        }
        try registry.update(model, aliases: model.aliases, numbers: numbers, &outcome.omissions)
        return outcome
    }

    private static let unknownReason = "the upstream has left it out"

    private static func reason(_ remark: TransferRemark) -> String { "the upstream says: \(remark.text)" }

    /// Throws a refusal if the upstream left out the record of this kind; the import must have contained only one of the kind.
    private static func requireImported(_ kind: TransferKind, _ report: TransferReport) throws(UpstreamFailure) {
        let remark = report.remarks.first { $0.kind == kind && $0.isOfRecordLeftOut }
        if let remark { throw UpstreamFailure(.refused, reason(remark)) }
        if report.leftOut.contains(where: { $0.kind == kind }) { throw UpstreamFailure(.refused, unknownReason) }
    }

    func folder(of files: FileOwner) throws(UpstreamFailure) -> UploadFolder {
        guard ProxiedPath.of(files.location) != nil else {
            return .elsewhere("its files are at \(files.location), where clients read them without this server")
        }
        let location = try location(of: files.owner, files.remoteID, local: files.location)
        guard let path = ProxiedPath.of(location) else {
            return .elsewhere("the upstream keeps its files at \(location), not among its proxied artifacts")
        }
        return .proxied(path, location: location)
    }

    func put(_ file: OpenArtifact, of owner: FileOwner, at location: String, to path: String) throws(UpstreamFailure) {
        try calls.putArtifact(.file(file), at: path)
    }
}

extension TransferRemark {
    fileprivate func isAboutRun(_ id: String) -> Bool { kind == .run && self.id.isExactly(id) }

    fileprivate func isAboutPoints(_ id: String) -> Bool { kind == .points && self.id.isExactly(id) }
}

extension RunOutcome {
    fileprivate func with(points: Bool) -> RunOutcome {
        var copy = self
        copy.hasSentPoints = points && failure == nil
        return copy
    }
}

/// Reads locations of the form `mlflow-artifacts:/<path>`.
enum ProxiedPath {
    /// The path of a location, whatever its host; nil for another scheme, an empty path, or a path with `.` or `..`.
    static func of(_ location: String) -> String? {
        let scheme = "mlflow-artifacts:"
        guard location.hasPrefix(scheme) else { return nil }
        var rest = location.dropFirst(scheme.count)
        if rest.hasPrefix("//"), !rest.hasPrefix("///") {
            rest = rest.dropFirst(2)
            rest = rest.firstIndex(of: "/").map { rest[$0...] } ?? ""
        }
        let segments = rest.split(separator: "/")
        guard !segments.isEmpty, !segments.contains("."), !segments.contains("..") else { return nil }
        return segments.joined(separator: "/")
    }
}

extension UpstreamCalls {
    /// Uploads a file to a path of the artifacts that the server serves.
    func putArtifact(_ body: UpstreamBody, at path: String) throws(UpstreamFailure) {
        let encodedPath = path.split(separator: "/").map { PercentCoding.encode(String($0)) }.joined(separator: "/")
        _ = try send(.put, "/api/2.0/mlflow-artifacts/artifacts/\(encodedPath)", body)
    }
}

extension TransferKind {
    /// The name of the kind in messages.
    fileprivate var title: String { wireName.replacing("_", with: " ") }
}
