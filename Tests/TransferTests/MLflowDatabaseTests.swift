import Glibc
import SQLite
import TestSupport
import Testing
import Tracking
import Transfer

@Suite struct MLflowDatabaseTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("mlflow.db")
    }

    /// The columns of the oldest databases that are read, as far as they matter here.
    private static let oldTables = """
        CREATE TABLE alembic_version (version_num VARCHAR(32));
        INSERT INTO alembic_version VALUES ('acf3f17fdcc7');
        CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name VARCHAR(256), artifact_location VARCHAR(256),
            lifecycle_stage VARCHAR(32));
        CREATE TABLE experiment_tags (key VARCHAR(250), value VARCHAR(5000), experiment_id INTEGER);
        CREATE TABLE runs (run_uuid VARCHAR(32) PRIMARY KEY, name VARCHAR(250), user_id VARCHAR(256), status VARCHAR(9),
            start_time BIGINT, end_time BIGINT, lifecycle_stage VARCHAR(20), artifact_uri VARCHAR(200),
            experiment_id INTEGER);
        CREATE TABLE metrics (key VARCHAR(250), value FLOAT, timestamp BIGINT, run_uuid VARCHAR(32), step BIGINT,
            is_nan BOOLEAN);
        CREATE TABLE params (key VARCHAR(250), value VARCHAR(500), run_uuid VARCHAR(32));
        CREATE TABLE tags (key VARCHAR(250), value VARCHAR(5000), run_uuid VARCHAR(32));
        INSERT INTO experiments VALUES (0, 'Default', './mlruns/0', 'active');
        INSERT INTO runs VALUES ('r1', '', 'ana', 'FINISHED', 5, 6, 'active', './mlruns/0/r1/artifacts', 0);
        INSERT INTO runs VALUES ('r2', NULL, NULL, 'ODD', 7, NULL, 'deleted', 's3://bucket/r2', 0);
        INSERT INTO tags VALUES ('mlflow.runName', 'named by its tag', 'r1'), ('empty', NULL, 'r1');
        INSERT INTO metrics VALUES ('loss', 0, 2, 'r1', 1, 1), ('loss', 0.5, 1, 'r1', 0, 0), ('acc', 1.0, 1, 'r1', 0, 0);
        """

    private func make(_ script: String) throws {
        let connection = try Connection(path: path, mode: .readWriteCreate)
        try connection.execute(script)
        connection.close()
    }

    private func read(_ selection: TransferSelection = .init()) throws -> (records: [TransferRecord], skipped: [String])
    {
        let found = try Found(MLflowDatabase(path: path, artifacts: nil), selection)
        return (found.records, found.skipped.map { "\($0.place): \($0.reason)" })
    }

    @Test func `an old database has fewer columns, which stand open`() throws {
        try make(Self.oldTables)
        let (records, skipped) = try read()
        #expect(records.map(\.subject.kind) == [.experiment, .run, .points, .points, .run])
        guard case .run(let first) = records[1], case .points(let acc) = records[2],
            case .points(let loss) = records[3],
            case .run(let second) = records[4]
        else { return }
        #expect(first.run.info.name == "named by its tag" && first.run.info.endTime == 6)
        #expect(first.run.info.artifactURI == "mlflow-artifacts:/0/r1/artifacts" && first.run.tags.count == 2)
        #expect(acc.key == "acc" && loss.points.map(\.step) == [0, 1] && loss.points.map(\.isNaN) == [false, true])
        #expect(second.run.info.artifactURI == "s3://bucket/r2" && second.run.info.lifecycleStage == .deleted)
        #expect(skipped.count == 1 && skipped[0].contains("r2") && skipped[0].contains("ODD"), "\(skipped)")
    }

    @Test func `what Apus does not keep, and other workspaces, are counted`() throws {
        try make(
            Self.oldTables + """
                CREATE TABLE trace_info (request_id TEXT);
                INSERT INTO trace_info VALUES ('t1'), ('t2');
                ALTER TABLE experiments ADD COLUMN workspace TEXT NOT NULL DEFAULT 'default';
                INSERT INTO experiments VALUES (3, 'theirs', '', 'active', 'other');
                INSERT INTO runs VALUES ('r3', '', '', 'FINISHED', 5, 6, 'active', '', 3);
                UPDATE runs SET status = 'FAILED' WHERE run_uuid = 'r2';
                """
        )
        let (records, skipped) = try read()
        #expect(records.count { $0.subject.kind == .run } == 2)
        #expect(
            skipped.count == 2 && skipped[0].contains("2 traces") && skipped[1].contains("workspaces"),
            "\(skipped)"
        )
    }

    @Test func `a selection chooses experiments, runs and times`() throws {
        try make(Self.oldTables)
        func runs(_ adjust: (inout TransferSelection) -> Void) throws -> [String] {
            var selection = TransferSelection()
            adjust(&selection)
            return try read(selection).records.filter { $0.subject.kind == .run }.map(\.subject.id)
        }
        #expect(try runs { $0.experiments = ["Default"] } == ["r1", "r2"])
        #expect(try runs { $0.experiments = ["other"] } == [])
        #expect(try runs { $0.runs = ["r1"] } == ["r1"])
        // A run that has not ended may have grown.
        #expect(try runs { $0.since = 100 } == ["r2"])
        #expect(try runs { $0.since = 6 } == ["r1", "r2"])
    }

    @Test(arguments: [nil, "mlruns", "artifacts", "given"])
    func `artifacts that are nowhere to be found are said once`(place: String?) throws {
        try make(Self.oldTables)
        if let place { mkdir(folder.file(place), 0o700) }
        var hints: [String] = []
        let source = try MLflowDatabase(path: path, artifacts: place == "given" ? folder.file("given") : nil)
        try source.read(TransferSelection()) { item in
            if case .hint(let text) = item { hints.append(text) }
        }
        #expect(hints.count == (place == nil ? 1 : 0), "\(hints)")
    }

    @Test func `only folders of runs and models are taken from this machine`() throws {
        try make(
            Self.oldTables + """
                UPDATE experiments SET artifact_location = '\(folder.path)/0';
                INSERT INTO experiments VALUES (1, 'e', 'mlflow-artifacts:/1', 'active');
                UPDATE runs SET status = 'FINISHED', artifact_uri = '\(folder.path)/.ssh' WHERE run_uuid = 'r1';
                UPDATE runs SET status = 'FINISHED', artifact_uri = 'mlflow-artifacts:/../0/r2/artifacts' WHERE run_uuid = 'r2';
                INSERT INTO runs VALUES ('r3', '', '', 'FINISHED', 5, 6, 'active', '\(folder.path)/0/r3/artifacts', 0);
                """
        )
        for path in [".ssh", "0", "0/r2", "0/r2/artifacts", "0/r3", "0/r3/artifacts"] {
            mkdir(folder.file(path), 0o700)
        }
        var folders: [String] = []
        try MLflowDatabase(path: path, artifacts: nil).read(TransferSelection()) { item in
            if case .artifacts(let folder) = item { folders.append(folder.path) }
        }
        #expect(folders == [folder.file("0/r3/artifacts")])
    }

    @Test func `the source is not changed`() throws {
        try make(Self.oldTables)
        let before = contents(ofFile: path)
        _ = try read()
        #expect(contents(ofFile: path) == before && fileNames(inFolder: folder.path) == ["mlflow.db"])
    }

    @Test func `a write-ahead log is part of the source`() throws {
        try make("PRAGMA journal_mode = WAL;" + Self.oldTables)
        let writer = try Connection(path: path, mode: .readWrite)
        try writer.execute("INSERT INTO params VALUES ('late', '1', 'r1')")
        guard case .run(let run) = try read().records[1] else {
            Issue.record("no run")
            return
        }
        #expect(run.run.params == [Param(key: "late", value: "1")])
        writer.close()
    }

    @Test func `rows of other types than their columns are reported, and the rest comes`() throws {
        try make(Self.oldTables)
        try make(
            """
            INSERT INTO runs VALUES ('r3', NULL, NULL, 'FINISHED', 'soon', 6, 'active', '', 0);
            INSERT INTO runs VALUES ('r4', CAST(x'ff' AS TEXT), NULL, 'FINISHED', 5, 6, 'active', '', 0);
            INSERT INTO runs VALUES ('r5', NULL, NULL, 'FINISHED', 5, 6, 'active', '', 99);
            INSERT INTO metrics VALUES ('loss', 'much', 9, 'r1', 9, 0), ('loss', 0.25, 10, 'r1', 10, 0);
            INSERT INTO params VALUES ('lr', x'00', 'r1'), ('depth', '3', 'r1');
            """
        )
        let (records, skipped) = try read()
        #expect(
            Set(skipped) == [
                "run r1: 'lr': its value is not a text",
                "run r1: its metrics: 1 points are left out; the reason for the first: its value is not a number",
                "run r2: its status 'ODD' is unknown and becomes FINISHED",
                "run r3: its start_time is not a whole number", "run r4: its name is not UTF-8",
                "run r5: its experiment 99 does not exist",
            ]
        )
        let runs = records.compactMap { if case .run(let run) = $0 { run.run } else { nil } }
        #expect(runs.map(\.info.runID) == ["r1", "r2"] && runs[0].params == [Param(key: "depth", value: "3")])
        let points = records.flatMap { record -> [MetricPoint] in
            if case .points(let points) = record, points.key == "loss" { points.points } else { [] }
        }
        #expect(points.map(\.step) == [0, 1, 10])
    }

    @Test func `another database is refused by name`() throws {
        try make("CREATE TABLE experiments (x)")
        let error = #expect(throws: SourceFailure.self) { try MLflowDatabase(path: path, artifacts: nil) }
        #expect(error?.description.contains("no table 'runs'") == true)
    }
}
