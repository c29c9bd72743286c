import Testing
import Tracking

@Suite struct ExperimentDecisionTests {
    @Test func `an experiment without a location of its own lies beneath the root`() {
        #expect(Experiment.defaultLocation(id: 7, beneath: ArtifactLocation("s3://b/x?v=1")) == "s3://b/x/7?v=1")
    }

    @Test(arguments: [(nil, nil), (LifecycleStage.active, false), (.deleted, true)] as [(LifecycleStage?, Bool?)])
    func `a name is taken by a deleted experiment too, and the message says so`(
        holder: LifecycleStage?,
        saysDeleted: Bool?
    ) {
        let holder = holder.map { Experiment.NameHolder(id: 7, stage: $0) }
        let refusal = refusal { try Experiment.requireUnusedName("n", holder: holder) }
        #expect(refusal?.code == saysDeleted.map { _ in .resourceAlreadyExists })
        #expect(refusal?.message.contains("It is deleted") == saysDeleted)
        #expect(refusal?.message.contains("`apus gc --experiment-ids 7`") == saysDeleted)
    }

    @Test(
        arguments: [
            (.active, "old", true, nil),
            (.active, "new", false, nil),
            (.active, "new", true, .badRequest),
            (.deleted, "new", true, .invalidState),
        ] as [(LifecycleStage, String, Bool, TrackingError.Code?)]
    )
    func `an active experiment is given a free name or its own`(
        stage: LifecycleStage,
        name: String,
        isTaken: Bool,
        code: TrackingError.Code?
    ) {
        let experiment = experiment(stage)
        #expect(refusal { try experiment.requireRenamable(to: name, isTaken: isTaken) }?.code == code)
    }

    @Test func `only a move into the other stage is one`() {
        let deletion = LifecycleMove.deletion(at: 5)
        #expect(refusal { try experiment(.active).requireMovable(by: deletion) } == nil)
        #expect(refusal { try experiment(.deleted).requireMovable(by: deletion) } == .experimentNotFound(1))
        #expect(refusal { try experiment(.active).requireMovable(by: .restoration) } == .experimentNotFound(1))
        #expect(deletion.deletedTime == 5 && LifecycleMove.restoration.deletedTime == nil)
    }
}

@Suite struct RunDecisionTests {
    private let request = NewRun(
        runID: String(repeating: "a", count: 32),
        experimentID: 1,
        userID: "u",
        name: "n",
        startTime: 3,
        tags: [Tag(key: "k", value: "v")]
    )

    @Test func `a new run is running, lies in its experiment and carries its name as a tag`() throws {
        let (run, isNew) = try request.run(in: experiment(.active), existing: nil)
        #expect(isNew && run.info.status == .running && run.info.lifecycleStage == .active && run.info.endTime == nil)
        #expect(run.info.artifactURI == "/root/1/\(run.info.runID)/artifacts")
        #expect(run.tags == [Tag(key: "k", value: "v"), Tag(key: Tag.runNameKey, value: "n")])
    }

    @Test func `the run name tag gives the name and is not added twice`() throws {
        var request = request
        request.name = ""
        request.tags = [Tag(key: Tag.runNameKey, value: "tagged")]
        let (run, _) = try request.run(in: experiment(.active), existing: nil)
        #expect(run.info.name == "tagged" && run.tags == request.tags)
        request.name = "other"
        #expect(throws: TrackingError.self) { try request.run(in: experiment(.active), existing: nil) }
    }

    @Test func `the same request finds the run that it made`() throws {
        let (made, _) = try request.run(in: experiment(.active), existing: nil)
        let (found, isNew) = try request.run(in: experiment(.active), existing: made)
        #expect(!isNew && found.info.runID == made.info.runID)
        for change in changes {
            var other = made
            change(&other)
            let refusal = refusal { try request.run(in: experiment(.active), existing: other) }
            #expect(refusal?.code == .resourceAlreadyExists)
        }
    }

    private let changes: [(inout Run) -> Void] = [
        { $0.info.experimentID = 2 }, { $0.info.lifecycleStage = .deleted }, { $0.info.startTime = 4 },
        { $0.info.userID = "w" }, { $0.info.name = "m" }, { $0.tags = [] },
    ]

    @Test func `a deleted experiment is the first thing refused`() throws {
        let (made, _) = try request.run(in: experiment(.active), existing: nil)
        var other = made
        other.info.startTime = 9
        let refusal = refusal { try request.run(in: experiment(.deleted), existing: other) }
        #expect(refusal?.code == .invalidParameterValue)
    }

    @Test(
        arguments: [
            (Tag(key: "k", value: ""), .tag), (Tag(key: Tag.runNameKey, value: "n"), .name),
            (Tag(key: Tag.runNameKey, value: ""), .nothing),
        ] as [(Tag, RunTagEffect)]
    )
    func `the name tag renames a run unless it is empty`(tag: Tag, effect: RunTagEffect) {
        #expect(tag.effectOnRun == effect)
    }

    @Test(arguments: [(nil, "[{}]"), ("[]", "[{}]"), ("[ ]", "[{}]"), ("[1, 2]", "[1, 2, {}]")] as [(String?, String)])
    func `a model is added at the end of the list`(stored: String?, list: String) throws {
        #expect(try Tag.loggedModels(adding: "{}", to: stored, runID: "r").value == list)
    }

    @Test(arguments: ["", "x", "{}", "[", "1]"])
    func `what is no list is not added to`(stored: String) {
        #expect(throws: TrackingError.self) { try Tag.loggedModels(adding: "{}", to: stored, runID: "r") }
    }

    @Test func `a param is logged again with the same value alone`() throws {
        let param = Param(key: "k", value: "é")
        #expect(ParamConflict(param, storedValue: "é") == nil)
        let conflict = try #require(ParamConflict(param, storedValue: "e\u{301}"))
        #expect(refusal { try ParamConflict.refuse([], runID: "r") } == nil)
        #expect(refusal { try ParamConflict.refuse([conflict, conflict], runID: "r") }?.code == .invalidParameterValue)
    }
}

@Suite struct MetricDecisionTests {
    private func point(_ value: Double, _ timestamp: Int64, _ step: Int64) -> MetricPoint {
        MetricPoint(value: value, isNaN: false, timestamp: timestamp, step: step)
    }

    @Test func `the latest point of a run has the highest step, whatever its time`() {
        var change = MetricSummaryChange(nil)
        #expect(change.isFirst && !change.isChanged)
        for point in [point(1, 10, 1), point(2, 5, 2), point(9, 99, 0)] { change.add(point) }
        #expect(change.isFirst && change.isChanged && change.hasNewLatest)
        let extremes = MetricExtremes(
            minimum: MetricExtreme(value: 1, step: 1),
            maximum: MetricExtreme(value: 9, step: 0)
        )
        #expect(
            change.summary
                == MetricSummary(latest: point(2, 5, 2), pointCount: 3, isInOrder: false, extremes: extremes)
        )
    }

    @Test func `extremes leave NaN out and take the lowest step of equal numbers`() {
        var change = MetricSummaryChange(nil)
        let notANumber = MetricPoint(value: 0, isNaN: true, timestamp: 0, step: 0)
        change.add(notANumber)
        #expect(change.summary?.extremes == nil)
        for point in [point(3, 1, 7), point(3, 2, 4), point(5, 3, 9), notANumber, point(5, 4, 8)] { change.add(point) }
        #expect(change.summary?.extremes?.minimum == MetricExtreme(value: 3, step: 4))
        #expect(change.summary?.extremes?.maximum == MetricExtreme(value: 5, step: 8))
    }

    @Test func `an older point changes the count alone`() {
        let stored = MetricSummary(latest: point(1, 1, 5), pointCount: 1, isInOrder: true, extremes: nil)
        var change = MetricSummaryChange(stored)
        change.add(point(1, 2, 4))
        #expect(!change.isFirst && change.isChanged && !change.hasNewLatest)
        #expect(change.summary?.pointCount == 2 && change.summary?.latest == point(1, 1, 5))
    }

    /// Each row: the newer point first.
    @Test(
        arguments: [
            ((0, 2, 0, "b"), (9, 1, 9, "a")), ((0, 1, 2, "b"), (9, 1, 1, "a")), ((0, 1, 1, "a"), (9, 1, 1, "b")),
            ((2, 1, 1, "a"), (1, 1, 1, "a")),
        ] as [((Double, Int64, Int64, String), (Double, Int64, Int64, String))]
    )
    func `the latest point of a model is by time, step, lower run id and higher value`(
        newer: (Double, Int64, Int64, String),
        older: (Double, Int64, Int64, String)
    ) {
        let (newer, older) = (modelPoint(newer), modelPoint(older))
        #expect(newer.supersedes(older) && !older.supersedes(newer) && !newer.supersedes(newer))
    }

    private func modelPoint(_ row: (Double, Int64, Int64, String)) -> ModelMetricPoint {
        ModelMetricPoint(point: point(row.0, row.1, row.2), runID: row.3)
    }

    @Test(arguments: [(10, 3, [0, 4, 9]), (3, 5, [0, 1, 2]), (1, 1, [0]), (5, 1, [4]), (4, 4, [0, 1, 2, 3])])
    func `a sample has the first of each bucket and the last of all`(rows: Int64, buckets: Int, indices: [Int64]) {
        let sample = BucketSample(rowCount: rows, bucketCount: Int64(buckets))
        #expect(sample.indices(limit: buckets) == indices)
    }

    @Test func `runs are listed once each, in the order of bytes`() {
        #expect(distinctInByteOrder(["b", "a", "b", "B"]) == ["B", "a", "b"])
    }
}

func experiment(_ stage: LifecycleStage) -> Experiment {
    Experiment(
        id: 1,
        name: "old",
        artifactLocation: "/root/1",
        lifecycleStage: stage,
        creationTime: 0,
        lastUpdateTime: 0
    )
}

/// What a rule refuses; nil when it lets the request through.
func refusal<Value>(_ rule: () throws -> Value) -> TrackingError? {
    do {
        _ = try rule()
        return nil
    } catch {
        return error as? TrackingError
    }
}
