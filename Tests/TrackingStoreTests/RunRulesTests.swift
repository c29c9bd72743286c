import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct ParamTests {
    @Test func `the same value again is no change and another one is refused`() throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        try fixture.write { try $0.logParam(Param(key: "lr", value: "0.1"), runID: runID) }
        try fixture.write { try $0.logParam(Param(key: "lr", value: "0.1"), runID: runID) }
        let error = trackingError {
            try fixture.write { try $0.logParam(Param(key: "lr", value: "0.2"), runID: runID) }
        }
        #expect(
            error
                == .invalidParameter(
                    "Changing param values is not allowed. Param with key='lr' was already logged with value='0.1' "
                        + "for run ID='\(runID)'. Attempted logging new value '0.2'."
                )
        )
        #expect(try fixture.read { try $0.run(id: runID).params } == [Param(key: "lr", value: "0.1")])
    }

    @Test func `values and keys are compared by bytes and not by canonical equivalence`() throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        let composed = "\u{E9}"
        let decomposed = "e\u{301}"
        try fixture.write { try $0.logParam(Param(key: "k", value: composed), runID: runID) }
        #expect(
            trackingError { try fixture.write { try $0.logParam(Param(key: "k", value: decomposed), runID: runID) } }
                != nil
        )
        try fixture.write { try $0.logParam(Param(key: composed, value: "1"), runID: runID) }
        try fixture.write { try $0.logParam(Param(key: decomposed, value: "2"), runID: runID) }
        #expect(try fixture.read { try $0.run(id: runID).params.count } == 3)
    }

    @Test func `a batch with a changed param stores nothing and names every change`() throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        let first = LogBatch(params: [Param(key: "a", value: "1"), Param(key: "b", value: "1")])
        try fixture.write { try $0.log(first, runID: runID) }
        let second = LogBatch(
            metrics: [Metric(key: "m", value: 1, timestamp: 1, step: 1)],
            params: [Param(key: "c", value: "1"), Param(key: "a", value: "2"), Param(key: "b", value: "it's")],
            tags: [Tag(key: "t", value: "v")]
        )
        let error = trackingError { try fixture.write { try $0.log(second, runID: runID) } }
        #expect(
            error
                == .invalidParameter(
                    "Changing param values is not allowed. Params were already logged='[{'key': 'a', 'old_value': '1', "
                        + "'new_value': '2'}, {'key': 'b', 'old_value': '1', 'new_value': \"it's\"}]' "
                        + "for run ID='\(runID)'."
                )
        )
        let run = try fixture.read { try $0.run(id: runID) }
        #expect(run.metrics.isEmpty)
        #expect(run.params.map(\.key) == ["a", "b"])
        #expect(run.tags.map(\.key) == [Tag.runNameKey])
    }
}

@Suite struct RunNameTests {
    @Test func `the name and its tag stay in step`() throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun(name: "first")
        let nameTag: @Sendable (String) -> Tag = { Tag(key: Tag.runNameKey, value: $0) }
        let steps: [(change: @Sendable (WriteSession) throws -> Void, name: String, tag: String?)] = [
            ({ _ in }, "first", "first"),
            ({ try $0.setTag(nameTag("second"), runID: runID) }, "second", "second"),
            ({ _ = try $0.updateRun(runID, status: nil, endTime: nil, name: "third") }, "third", "third"),
            ({ _ = try $0.updateRun(runID, status: nil, endTime: nil, name: "") }, "third", "third"),
            ({ try $0.setTag(nameTag(""), runID: runID) }, "third", "third"),
            ({ try $0.log(LogBatch(tags: [nameTag("fourth"), nameTag("fifth")]), runID: runID) }, "fifth", "fifth"),
            ({ try $0.log(LogBatch(tags: [nameTag("")]), runID: runID) }, "fifth", "fifth"),
            ({ try $0.deleteTag(key: Tag.runNameKey, runID: runID) }, "fifth", nil),
            ({ _ = try $0.updateRun(runID, status: nil, endTime: nil, name: "sixth") }, "sixth", "sixth"),
        ]
        for step in steps {
            try fixture.write(step.change)
            let run = try fixture.read { try $0.run(id: runID) }
            #expect(run.info.name == step.name)
            #expect(run.tags.first { $0.key == Tag.runNameKey }?.value == step.tag)
        }
    }

    @Test(
        arguments: [("a", nil, "a"), ("", "b", "b"), ("c", "c", "c"), ("a", "b", nil)] as [(String, String?, String?)]
    )
    func `a new run takes its name from the argument or the tag`(name: String, tag: String?, expected: String?) throws {
        let fixture = try StoreFixture()
        let tags = tag.map { [Tag(key: Tag.runNameKey, value: $0)] } ?? []
        let new = NewRun(experimentID: 0, userID: "u", name: name, startTime: 7, tags: tags)
        let run = try? fixture.write { try $0.createRun(new) }
        #expect(run?.info.name == expected)
        #expect(run?.tags == expected.map { [Tag(key: Tag.runNameKey, value: $0)] })
        #expect(try fixture.read { try $0.runCount() } == (expected == nil ? 0 : 1))
    }

    @Test func `a run without a name gets one`() throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun(name: "")
        let run = try fixture.read { try $0.run(id: runID) }
        #expect(run.info.name.split(separator: "-").count == 3)
        #expect(run.tags == [Tag(key: Tag.runNameKey, value: run.info.name)])
    }
}

@Suite struct TagTests {
    @Test func `a tag is replaced and deleted`() throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        try fixture.write { try $0.setTag(Tag(key: "t", value: "1"), runID: runID) }
        try fixture.write { try $0.setTag(Tag(key: "t", value: ""), runID: runID) }
        #expect(try fixture.read { try $0.run(id: runID).tags.last } == Tag(key: "t", value: ""))
        try fixture.write { try $0.deleteTag(key: "t", runID: runID) }
        for key in ["t", "never interned"] {
            #expect(
                trackingError { try fixture.write { try $0.deleteTag(key: key, runID: runID) } }
                    == .doesNotExist("No tag with name: \(key) in run with id \(runID)")
            )
        }
    }

    @Test func `logged models of old clients gather in one tag`() throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        try fixture.write { try $0.appendLoggedModel(#"{"a": 1}"#, runID: runID) }
        try fixture.write { try $0.appendLoggedModel(#"{"b": 2}"#, runID: runID) }
        let tags = try fixture.read { try $0.run(id: runID).tags }
        #expect(tags.contains(Tag(key: Tag.loggedModelsKey, value: #"[{"a": 1}, {"b": 2}]"#)))
    }
}

@Suite struct InputTests {
    private static let dataset = Dataset(name: "d", digest: "1", sourceType: "local", source: "s", schema: "{}")

    @Test func `the first word on a dataset counts`() throws {
        let fixture = try StoreFixture()
        let runIDs = try (0..<2).map { _ in try fixture.createRun() }
        let first = DatasetInput(dataset: Self.dataset, tags: [Tag(key: "mlflow.data.context", value: "train")])
        var other = first
        other.dataset.source = "elsewhere"
        other.tags = [Tag(key: "mlflow.data.context", value: "eval")]
        let both = [first, other]
        try fixture.write { try $0.logInputs(datasets: both, models: [], runID: runIDs[0]) }
        let later = [other]
        try fixture.write { try $0.logInputs(datasets: later, models: [], runID: runIDs[0]) }
        try fixture.write { try $0.logInputs(datasets: later, models: [], runID: runIDs[1]) }
        #expect(try fixture.read { try $0.run(id: runIDs[0]).datasetInputs } == [first])
        #expect(
            try fixture.read { try $0.run(id: runIDs[1]).datasetInputs }
                == [DatasetInput(dataset: Self.dataset, tags: other.tags)]
        )
        let summaries = try fixture.read { try $0.datasetSummaries(experimentIDs: [0, 77]) }
        #expect(Set(summaries.map(\.context)) == ["train", "eval"])
        #expect(summaries.count == 2)
    }

    @Test func `models are linked once and an output takes the newest step`() throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        let input = [ModelInput(modelID: "m-1"), ModelInput(modelID: "m-1")]
        try fixture.write { try $0.logInputs(datasets: [], models: input, runID: runID) }
        let outputs = [ModelOutput(modelID: "m-2", step: 1), ModelOutput(modelID: "m-2", step: 3)]
        try fixture.write { try $0.logOutputs(models: outputs, runID: runID) }
        let run = try fixture.read { try $0.run(id: runID) }
        #expect(run.modelInputs == [ModelInput(modelID: "m-1")])
        #expect(run.modelOutputs == [ModelOutput(modelID: "m-2", step: 3)])
    }
}
