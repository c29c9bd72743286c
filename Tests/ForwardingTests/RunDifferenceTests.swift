import Testing
import Tracking

@testable import Forwarding

@Suite struct RunDifferenceTests {
    private func run(status: RunStatus = .running, stage: LifecycleStage = .active) -> Run {
        var run = Run(
            info: RunInfo(
                runID: "8a1c",
                name: "trial",
                experimentID: 1,
                userID: "ana",
                status: status,
                startTime: 1_000,
                endTime: nil,
                artifactURI: "mlflow-artifacts:/1/8a1c/artifacts",
                lifecycleStage: stage
            )
        )
        run.params = [Param(key: "lr", value: "0.1")]
        run.tags = [Tag(key: "team", value: "vision"), Tag(key: "note", value: "first")]
        return run
    }

    @Test func `A run that is not there is sent with everything`() {
        let difference = RunDifference(run(), sent: nil)
        #expect(difference.isNew)
        #expect(difference.params.map(\.key) == ["lr"])
        #expect(difference.tags.map(\.key) == ["team", "note"])
        #expect(difference.deletion == nil)
    }

    @Test func `Nothing is left of a run that was sent`() {
        #expect(RunDifference(run(), sent: SentRun(run())).isEmpty)
    }

    @Test func `What is sent survives the journal`() throws {
        let sent = SentRun(run())
        #expect(SentRun(sent.text) == sent)
        #expect(SentRun("") == nil)
        #expect(SentRun("{}") == nil)
    }

    @Test func `What was refused is missing again when it is to be retried`() {
        var sent = SentRun(run())
        for part in ["param lr", "tag note", "metric loss", "file lr"] { sent.markInDoubt(part) }
        let difference = RunDifference(run(), sent: sent)
        #expect(difference.params.map(\.key) == ["lr"])
        #expect(difference.tags.map(\.key) == ["note"])
        #expect(!difference.hasOtherInputs)
        sent.markInDoubt("model m-41")
        #expect(RunDifference(run(), sent: sent).hasOtherInputs)
    }

    @Test func `A tag with another value is sent again and a removed one is deleted`() {
        let sent = SentRun(run())
        var changed = run()
        changed.tags = [Tag(key: "note", value: "second")]
        let difference = RunDifference(changed, sent: sent)
        #expect(difference.tags == [Tag(key: "note", value: "second")])
        #expect(difference.removedTags == ["team"])
        #expect(difference.params.isEmpty)
        #expect(!difference.hasOtherInfo)
    }

    @Test func `The end of a run is another info`() {
        #expect(RunDifference(run(status: .finished), sent: SentRun(run())).hasOtherInfo)
    }

    @Test func `A run that is deleted here is deleted there, and restored`() {
        #expect(RunDifference(run(stage: .deleted), sent: SentRun(run())).deletion == true)
        #expect(RunDifference(run(), sent: SentRun(run(stage: .deleted))).deletion == false)
    }

    @Test func `Keys that only look equal are two`() {
        var twice = run()
        twice.tags = [Tag(key: "\u{E9}", value: "one"), Tag(key: "e\u{301}", value: "two")]
        var sent = SentRun(twice)
        #expect(sent.tags.count == 2)
        sent.tags[ExactText("\u{E9}")] = nil
        #expect(RunDifference(twice, sent: sent).tags.count == 1)
    }

    @Test func `A run with a dataset has other inputs than one without`() {
        var other = run()
        other.modelOutputs = [ModelOutput(modelID: "m-1", step: 3)]
        #expect(RunDifference(other, sent: SentRun(run())).hasOtherInputs)
    }
}
