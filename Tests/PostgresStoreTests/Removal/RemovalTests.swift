import Identities
import PostgreSQL
import PostgresStore
import TestSupport
import Testing
import Tracking

/// Permanent removal over PostgreSQL.
@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct RemovalTests {
    private static let folders = ArtifactFolders(served: "/data/artifacts")

    /// The tables in which a run, a model or an experiment leaves rows.
    private static let tables = [
        "experiments", "experiment_tags", "runs", "metrics", "latest_metrics", "params", "tags", "datasets", "inputs",
        "input_tags", "logged_models", "logged_model_params", "logged_model_tags", "logged_model_metrics",
    ]

    @Test func `nothing of a removed run is left, and nothing of others is gone`() throws {
        let fixture = try PostgresStoreFixture { $0.ownTables = ownTables }
        try fill(fixture, experiment: 0)
        let before = try content(fixture)
        let run = try fill(fixture, experiment: 0)
        try fixture.write { try $0.deleteRun(run.run) }
        let count = try remove(run.run, .run, from: fixture)
        #expect(count?.runs == 1 && count?.points == 100)
        // The models stay, and lose the points that the run has logged for them.
        try fixture.write { try $0.deleteLoggedModel(run.model) }
        #expect(try remove(run.model, .loggedModel, from: fixture)?.loggedModels == 1)
        var left = try content(fixture)
        // A dataset is the experiment's.
        left["datasets"] = before["datasets"]
        #expect(left == before)
        #expect(try fixture.number("SELECT count(*) FROM apus.artifact_journal WHERE run_uuid IS NOT NULL") == 1)
    }

    @Test func `an experiment is removed when it is empty, with the permissions on it`() throws {
        let fixture = try PostgresStoreFixture { $0.ownTables = ownTables }
        let before = try content(fixture)
        let experiment = try fixture.write { session in
            _ = try session.createUser("ada", password: nil, isAdministrator: false)
            return try session.createExperiment(name: "e", artifactLocation: nil, tags: [Tag(key: "a", value: "b")])
        }
        try fixture.write { try $0.grant(Grant(.experiment, String(experiment), .read), toUser: "ada") }
        let made = try fill(fixture, experiment: experiment)
        try fixture.write { try $0.deleteExperiment(experiment) }
        let id = String(experiment)
        #expect(try remove(id, .experiment, from: fixture) == nil)
        let contents = try fixture.store.readRemovals { try $0.contents(ofExperiment: id) }
        #expect(contents.map(\.id) == [made.run, made.model])
        for part in contents {
            // By itself the model would stay, because it is not deleted.
            if part.kind == .loggedModel { #expect(try remove(part.id, part.kind, from: fixture) == nil) }
            #expect(try remove(part.id, part.kind, of: experiment, from: fixture) != nil)
        }
        #expect(try remove(id, .experiment, from: fixture)?.experiments == 1)
        #expect(try content(fixture) == before)
        #expect(try fixture.number("SELECT count(*) FROM apus.role_permissions") == 0)
        let next = try fixture.write { try $0.createExperiment(name: "e", artifactLocation: nil, tags: []) }
        #expect(next > experiment)
    }

    @Test func `what is active, restored or deleted too late stays with its files`() throws {
        let fixture = try PostgresStoreFixture()
        let run = try fixture.makeRun()
        #expect(try remove(run, .run, from: fixture) == nil)
        try fixture.write { try $0.deleteRun(run) }
        #expect(try remove(run, .run, from: fixture, deletedBefore: 5) == nil)
        #expect(try remove("nobody", .run, from: fixture) == nil)
        try fixture.write { try $0.restoreRun(run) }
        #expect(try remove(run, .run, of: 0, from: fixture) == nil)
        #expect(try fixture.number("SELECT count(*) FROM runs") == 1)
    }

    @Test func `nobody restores a run while its files are removed`() throws {
        let fixture = try PostgresStoreFixture()
        let run = try fixture.makeRun()
        try fixture.write { try $0.deleteRun(run) }
        let removed = try fixture.store.removeNow { session in
            try session.removePermanently(
                owner(run, .run),
                ofExperiment: nil,
                deletedBefore: nil,
                unless: { _ in false },
                removingFiles: { _ in
                    #expect(throws: PostgresError.self) {
                        try fixture.other()
                            .execute("SET lock_timeout = '10ms'; UPDATE runs SET lifecycle_stage = 'active'")
                    }
                    return RemovedFiles()
                }
            )
        }
        #expect(removed?.runs == 1)
        #expect(try fixture.number("SELECT count(*) FROM runs") == 0)
    }

    @Test func `a run whose files cannot be removed stays deleted, and the next removal finds it`() throws {
        let fixture = try PostgresStoreFixture()
        let run = try fixture.makeRun()
        try fixture.write { try $0.deleteRun(run) }
        let failure = TrackingError(.internalError, "no")
        #expect(throws: failure) {
            try fixture.store.removeNow { session in
                try session.removePermanently(
                    owner(run, .run),
                    ofExperiment: nil,
                    deletedBefore: nil,
                    unless: { _ in false },
                    removingFiles: { _ in throw failure }
                )
            }
        }
        let found = try candidates(fixture, RemovalRequest(deletedBefore: nil))
        #expect(found.map(\.id) == [run])
        fixture.store.releaseIdleResources()
        #expect(try remove(run, .run, from: fixture)?.runs == 1)
    }

    @Test func `what a version, a run or another experiment needs is found in every form of location`() throws {
        let fixture = try PostgresStoreFixture()
        let (run, other) = (try fixture.makeRun(), try fixture.makeRun())
        try fixture.write { session in
            _ = try session.createRegisteredModel(name: "m", description: "", tags: [])
            _ = try session.createModelVersion(version(of: run), workingDirectory: "/")
            for id in [run, other] { try session.deleteRun(id) }
        }
        let request = RemovalRequest(deletedBefore: nil)
        let found = try candidates(fixture, request)
        #expect(found.first { $0.id == run }?.dependent?.text == "version 1 of the registered model 'm'")
        #expect(found.first { $0.id == other }?.dependent == nil)
        var named = request
        named.runIDs = [other, run]
        #expect(throws: TrackingError.self) { try preview(fixture, named) }
        named.runIDs = [other]
        #expect(try preview(fixture, named).runs == 1)
        // The row of a deleted version stays, and needs nothing.
        try fixture.write { try $0.deleteModelVersion(ModelVersionKey(name: "m", version: "1")) }
        #expect(try preview(fixture, request).runs == 2)
    }

    @Test func `a run is kept for a version that was made after the artifacts in use were read`() throws {
        let fixture = try PostgresStoreFixture()
        let run = try fixture.makeRun()
        try fixture.write { try $0.deleteRun(run) }
        let request = RemovalRequest(deletedBefore: nil)
        let inUse = try fixture.store.readRemovals { try $0.artifactsInUse(excluding: request, in: Self.folders) }
        #expect(inUse.dependent(on: run, at: "mlflow-artifacts:/0/\(run)/artifacts") == nil)
        try fixture.write { session in
            _ = try session.createRegisteredModel(name: "m", description: "", tags: [])
            _ = try session.createModelVersion(version(of: run), workingDirectory: "/")
        }
        let removed = try fixture.store.removeNow { session in
            try session.removePermanently(
                owner(run, .run),
                ofExperiment: nil,
                deletedBefore: nil,
                unless: { owner in
                    var inUse = inUse
                    try session.addNewVersions(to: &inUse)
                    return inUse.dependent(on: owner.id, at: owner.location) != nil
                },
                removingFiles: { _ in
                    Issue.record("The files are removed.")
                    return RemovedFiles()
                }
            )
        }
        #expect(removed == nil)
        #expect(try fixture.number("SELECT count(*) FROM runs") == 1)
    }

    @Test func `nobody removes a run before a version that is made of it can be seen`() throws {
        let fixture = try PostgresStoreFixture()
        let run = try fixture.makeRun()
        try fixture.write { session in
            try session.deleteRun(run)
            _ = try session.createRegisteredModel(name: "m", description: "", tags: [])
        }
        try fixture.write { session in
            _ = try session.createModelVersion(version(of: run), workingDirectory: "/")
            #expect(throws: PostgresError.self) {
                try fixture.other().execute("SELECT 1 FROM runs FOR UPDATE NOWAIT")
            }
        }
        // Whoever logs to the run does not wait.
        try fixture.write { session in
            _ = try session.createModelVersion(version(of: run), workingDirectory: "/")
            try fixture.other().execute("SELECT 1 FROM runs FOR NO KEY UPDATE NOWAIT")
        }
    }

    @Test func `pages of deleted things go on where the last one has ended`() throws {
        let fixture = try PostgresStoreFixture()
        var ids: [String] = []
        for number in 0..<7 {
            let run = try fixture.makeRun()
            if number % 2 == 0 {
                try fixture.write { try $0.deleteRun(run) }
                ids.append(run)
            }
        }
        for number in 0..<3 {
            let id = try fixture.write { try $0.createExperiment(name: "\(number)", artifactLocation: nil, tags: []) }
            try fixture.write { try $0.deleteExperiment(id) }
        }
        let found = try candidates(fixture, RemovalRequest(deletedBefore: nil), limit: 2)
        #expect(found.map(\.id) == ["1", "2", "3"] + ids.sorted())
    }

    // MARK: What the tests are made of

    private func owner(_ id: String, _ kind: RemovalKind) -> PendingFolderRemoval {
        PendingFolderRemoval(kind, id, at: "")
    }

    private func version(of run: String) -> NewModelVersion {
        NewModelVersion(
            name: "m",
            source: "runs:/\(run)/model",
            runID: run,
            modelID: nil,
            runLink: "",
            description: "",
            tags: []
        )
    }

    private func remove(
        _ id: String,
        _ kind: RemovalKind,
        of experiment: Int64? = nil,
        from fixture: PostgresStoreFixture,
        deletedBefore limit: Int64? = nil
    ) throws -> RemovalCount? {
        try fixture.store.removeNow { session in
            try session.removePermanently(
                owner(id, kind),
                ofExperiment: experiment,
                deletedBefore: limit,
                unless: { _ in false },
                removingFiles: { _ in RemovedFiles() }
            )
        }
    }

    private func candidates(
        _ fixture: PostgresStoreFixture,
        _ request: RemovalRequest,
        limit: Int = 100
    ) throws -> [RemovalCandidate] {
        try fixture.store.readRemovals { tables in
            let inUse = try tables.artifactsInUse(excluding: request, in: Self.folders)
            var (found, position) = ([RemovalCandidate](), RemovalPosition?.some(.start))
            while let from = position {
                let part = try tables.deletedCandidates(from, limit: limit, request, inUse)
                found += part.candidates.map(\.candidate)
                position = part.next
            }
            return found
        }
    }

    private func preview(_ fixture: PostgresStoreFixture, _ request: RemovalRequest) throws -> RemovalCount {
        try fixture.store.readRemovals { tables in
            let inUse = try tables.artifactsInUse(excluding: request, in: Self.folders)
            return try tables.removalPreview(request, keeping: inUse).count
        }
    }

    /// Makes a run and a logged model that have something in every table.
    @discardableResult
    private func fill(_ fixture: PostgresStoreFixture, experiment: Int64) throws -> (run: String, model: String) {
        try fixture.write { session in
            let new = NewRun(
                experimentID: experiment,
                userID: "",
                name: "",
                startTime: 1,
                tags: [Tag(key: "t", value: "v")]
            )
            let run = try session.createRun(new).info.runID
            let model = try session.createLoggedModel(
                NewLoggedModel(
                    experimentID: experiment,
                    name: "model",
                    modelType: "",
                    sourceRunID: run,
                    params: [Param(key: "p", value: "1")],
                    tags: [Tag(key: "t", value: "1")]
                )
            ).info.modelID
            let points = (0..<100).map { Metric(key: "loss \($0 % 2)", value: Double($0), timestamp: $0, step: $0) }
            let ofModel = ModelMetric(metric: points[0], modelID: model, runID: run, dataset: nil)
            try session.logMetrics(points, modelMetrics: [ofModel], runID: run)
            try session.logParam(Param(key: "lr", value: "0.1"), runID: run)
            let dataset = Dataset(name: "d", digest: "1", sourceType: "local", source: "{}")
            try session.logInputs(
                datasets: [DatasetInput(dataset: dataset, tags: [Tag(key: "c", value: "train")])],
                models: [ModelInput(modelID: model)],
                runID: run
            )
            try session.logOutputs(models: [ModelOutput(modelID: model, step: 1)], runID: run)
            if session.hasAccessTables {
                try session.add(
                    ArtifactEvent(kind: .upload, path: "\(run)/a", runID: run, bytes: 1, microseconds: 0)
                )
            }
            return (run, model)
        }
    }

    private func content(_ fixture: PostgresStoreFixture) throws -> [String: [String]] {
        var content: [String: [String]] = [:]
        let connection = try fixture.other()
        for table in Self.tables {
            var rows: [String] = []
            try connection.forEachRow("SELECT t::text FROM \(table) AS t ORDER BY 1") { rows.append($0.string(0)) }
            content[table] = rows
        }
        return content
    }
}
