import PostgreSQL
import PostgresStore
import TestSupport
import Testing
import Tracking

/// What is particular to MLflow's tables in PostgreSQL.
@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct RecordImportTests {
    private let fixture: PostgresStoreFixture

    init() throws {
        fixture = try PostgresStoreFixture()
    }

    private func take(_ records: [TransferRecord]) throws -> TransferReport {
        try fixture.write { try $0.importRecords(records) }
    }

    private func experiment(_ id: Int64, _ name: String) -> TransferRecord {
        .experiment(
            Experiment(
                id: id,
                name: name,
                artifactLocation: "mlflow-artifacts:/\(id)",
                lifecycleStage: .active,
                creationTime: 1,
                lastUpdateTime: 1
            )
        )
    }

    private func run(_ id: String, _ change: (inout Run) -> Void = { _ in }) -> TransferRecord {
        var run = Run(
            info: RunInfo(
                runID: id,
                name: "r",
                experimentID: 7,
                userID: "ana",
                status: .finished,
                startTime: 1,
                endTime: 2,
                artifactURI: "s3://bucket/\(id)",
                lifecycleStage: .active
            )
        )
        change(&run)
        return .run(TransferredRun(run: run, experiment: SourceExperiment(id: 7, name: "training")))
    }

    @Test func `experiments of other programs get ids after those that came`() throws {
        let report = try take([experiment(7, "training"), experiment(5_000, "far"), experiment(3, "late")])
        #expect(report.mappings == [] && report.counts[.experiment]?.added == 3)
        try fixture.execute("INSERT INTO experiments (name, lifecycle_stage) VALUES ('theirs', 'active')")
        #expect(try fixture.texts("SELECT experiment_id::text FROM experiments WHERE name = 'theirs'") == ["5001"])
    }

    @Test func `an id that the column cannot hold becomes the next free one`() throws {
        let report = try take([experiment(7, "training"), experiment(900_000_000_000_000_000, "of a file store")])
        #expect(
            report.mappings == [ExperimentMapping(source: 900_000_000_000_000_000, id: 8, name: "of a file store")]
        )
        #expect(
            try fixture.texts("SELECT artifact_location FROM experiments WHERE experiment_id = 8")
                == ["mlflow-artifacts:/8"]
        )
    }

    @Test func `what the columns cannot hold is left out and listed, and the rest comes`() throws {
        let report = try take([
            experiment(7, "training"),
            run("fits") { run in
                let long = String(repeating: "x", count: 9_000)
                run.params = [Param(key: "ok", value: "1"), Param(key: "long", value: long)]
                run.tags = [Tag(key: "nul", value: "a\0b"), Tag(key: "note", value: "here")]
            },
            run(String(repeating: "r", count: 33)),
            .points(
                TransferredPoints(
                    runID: String(repeating: "r", count: 33),
                    key: "loss",
                    points: [MetricPoint(value: 1, isNaN: false, timestamp: 1, step: 1)]
                )
            ),
        ])
        #expect(report.counts[.run]?.added == 1)
        let texts = report.remarks.map(\.text)
        #expect(texts.count == 4)
        #expect(texts[0].contains("'long' left out: its value has 9000 characters") && texts[0].contains("8000"))
        #expect(texts[1].contains("'nul' left out") && texts[1].contains("NUL"))
        #expect(texts[2].contains("left out: its run_uuid has 33 characters"))
        #expect(texts[3].contains("its run was left out"))
        #expect(try fixture.texts("SELECT key FROM params") == ["ok"])
        #expect(try fixture.texts("SELECT key FROM tags") == ["note"])
    }

    private func model(_ name: String, lastVersion: Int64 = 0, aliases: [ModelAlias] = []) -> TransferRecord {
        var model = RegisteredModel(name: name, creationTime: 1, lastUpdatedTime: 1, description: "")
        model.aliases = aliases
        return .registeredModel(TransferredRegisteredModel(model: model, lastVersion: lastVersion))
    }

    @Test func `a number that the columns cannot hold leaves out its part or record, and the rest comes`() throws {
        let tooGreat = Int64(Int32.max) + 1
        let report = try take([
            model("good"),
            model(
                "aliased",
                aliases: [ModelAlias(alias: "far", version: tooGreat), ModelAlias(alias: "near", version: 1)]
            ),
            model("raised", lastVersion: tooGreat),
        ])
        #expect(report.counts[.registeredModel]?.added == 2)
        let texts = report.remarks.map(\.text)
        #expect(texts.count == 2)
        #expect(texts[0].contains("'far' left out: its version is 2147483648") && texts[0].contains("2147483647"))
        #expect(texts[1].contains("left out: "))
        #expect(try fixture.texts("SELECT alias FROM registered_model_aliases") == ["near"])
        #expect(try fixture.texts("SELECT name FROM registered_models ORDER BY name") == ["aliased", "good"])
    }

    @Test func `a model whose highest version number is used up gets no further version`() throws {
        _ = try take([model("full", lastVersion: Int64(Int32.max))])
        let refusal = #expect(throws: TrackingError.self) {
            try fixture.write { try $0.createModelVersion(.sample(of: "full"), workingDirectory: "/") }
        }
        #expect(refusal?.code == .invalidParameterValue)
        #expect(refusal?.message.contains("under another name") == true)
    }

    @Test func `of two values at one place of a model's metric the first stays, and the other is listed`() throws {
        var points = TransferredModelPoints(modelID: "m-1", points: [])
        for value in [1.0, 2.0, 1.0] {
            points.points.append(
                ModelMetric(
                    metric: Metric(key: "auc", value: value, timestamp: 1, step: 1),
                    modelID: "m-1",
                    runID: "run",
                    dataset: nil
                )
            )
        }
        let info = LoggedModelInfo(
            modelID: "m-1",
            experimentID: 7,
            name: "m",
            artifactURI: "s3://bucket/m-1",
            status: .ready,
            statusMessage: nil,
            modelType: "",
            sourceRunID: "run",
            creationTime: 1,
            lastUpdatedTime: 1,
            lifecycleStage: .active
        )
        let model = TransferredLoggedModel(
            model: LoggedModel(info: info),
            experiment: SourceExperiment(id: 7, name: "training")
        )
        let report = try take([experiment(7, "training"), run("run"), .loggedModel(model), .modelPoints(points)])
        #expect(report.counts[.modelPoints]?.added == 1 && report.counts[.modelPoints]?.unchanged == 1)
        #expect(report.remarks.map(\.kind) == [.modelPoints])
        let again = try take([.modelPoints(points)])
        #expect(again.counts[.modelPoints]?.added == 0 && again.counts[.modelPoints]?.unchanged == 2)
    }

    @Test func `a record meets what another program adds at the same time`() throws {
        _ = try take([experiment(7, "training")])
        let other = try fixture.other()
        try other.execute(
            """
            BEGIN;
            INSERT INTO runs (run_uuid, experiment_id, user_id, start_time, status, lifecycle_stage)
            VALUES ('same', 7, 'ana', 1, 'RUNNING', 'active')
            """
        )
        let outcome = Outcome<Result<TransferReport, any Error>>()
        let record = run("same")
        fixture.store.write({ try $0.importRecords([record]) }) { outcome.give($0) }
        try other.execute("COMMIT")
        let report = try outcome.wait().get()
        #expect(report.counts[.run]?.completed == 1)
        #expect(try fixture.texts("SELECT status FROM runs") == ["FINISHED"])
    }
}
