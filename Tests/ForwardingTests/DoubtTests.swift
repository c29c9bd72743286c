import HTTPWire
import Testing
import Tracking
import TrackingStore

@testable import Forwarding

@Suite struct DoubtTests {
    private func run(note: String = "first", stage: LifecycleStage = .active) -> Run {
        var run = Run(
            info: RunInfo(
                runID: "8a1c",
                name: "trial",
                experimentID: 1,
                userID: "ana",
                status: .running,
                startTime: 1_000,
                endTime: nil,
                artifactURI: "mlflow-artifacts:/1/8a1c/artifacts",
                lifecycleStage: stage
            )
        )
        run.params = [Param(key: "lr", value: "0.1")]
        run.tags = [Tag(key: "note", value: note), Tag(key: "team", value: "vision")]
        return run
    }

    /// What is known while a change of a run that is there is being sent.
    private func doubted(_ changed: Run) -> SentRun {
        let sent = SentRun(run())
        return sent.withDoubts(about: RunDifference(changed, sent: sent), at: 5_000)
    }

    @Test func `A tag that becomes what it was before an answer came is sent again`() {
        let difference = RunDifference(run(), sent: doubted(run(note: "second")))
        #expect(difference.tags == [Tag(key: "note", value: "first")])
        #expect(!difference.isNew && !difference.hasOtherInfo && difference.params.isEmpty)
    }

    @Test func `A tag that was removed and comes back before an answer came is sent again`() {
        var without = run()
        without.tags = [Tag(key: "team", value: "vision")]
        #expect(RunDifference(run(), sent: doubted(without)).tags == [Tag(key: "note", value: "first")])
        #expect(RunDifference(without, sent: doubted(without)).removedTags == ["note"])
    }

    @Test func `A run that is restored before its deletion had an answer is restored there`() {
        let doubted = doubted(run(stage: .deleted))
        #expect(doubted.isDeleted == nil)
        #expect(RunDifference(run(), sent: doubted).deletion == false)
        #expect(RunDifference(run(stage: .deleted), sent: doubted).deletion == true)
    }

    @Test func `A run whose creation had no answer is new, and tags that it had are removed`() {
        let first = RunDifference(run(), sent: nil)
        let asked = SentRun().withDoubts(about: first, at: 5_000)
        var without = run()
        without.tags = []
        let second = RunDifference(without, sent: asked)
        #expect(second.isNew)
        #expect(second.removedTags == ["note", "team"])
        #expect(asked.pause(at: 6_000) == .milliseconds(14_000))
        #expect(asked.pause(at: 20_000) == nil)
        // The clock was set back.
        #expect(asked.pause(at: 4_000) == nil)
    }

    @Test func `Doubt survives the journal`() {
        let asked = SentRun().withDoubts(about: RunDifference(run(stage: .deleted), sent: nil), at: 5_000)
        #expect(SentRun(asked.text) == asked)
        let doubted = doubted(run(note: "second"))
        #expect(SentRun(doubted.text) == doubted)
    }

    @Test func `A thing that is being sent is in doubt until an answer comes`() {
        var thing = ForwardedEntity(remoteID: "", digest: ForwardedEntity.digest(ofAttemptAt: 5_000))
        #expect(thing.unansweredTime == 5_000 && thing.isInDoubt)
        thing.digest = "0123456789abcdef"
        #expect(thing.unansweredTime == nil && !thing.isInDoubt)
    }
}

@Suite struct ForwardTrailTests {
    @Test func `A call that comes back through another server is recognized`() {
        let (one, two, three) = (ForwardTrail(), ForwardTrail(), ForwardTrail())
        #expect(!two.detectsLoop(one.value))
        #expect(!three.detectsLoop(two.value))
        #expect(one.detectsLoop(three.value))
        #expect(one.detectsLoop(one.value))
    }

    @Test func `What is no name of a server is not remembered`() {
        let trail = ForwardTrail()
        let before = trail.value
        #expect(!trail.detectsLoop("x, 0123456789abcdeg, ,"))
        #expect(trail.value == before)
    }

    @Test func `Only so many servers are remembered`() {
        let trail = ForwardTrail()
        for _ in 0..<100 { #expect(!trail.detectsLoop(ForwardTrail().value)) }
        #expect(trail.value.split(separator: ",").count == 33)
    }
}

@Suite struct HalvingTests {
    private struct NoCalls: UpstreamCalls {
        let address = "http://127.0.0.1"

        func send(
            _ method: HTTPMethod,
            _ path: String,
            _ body: UpstreamBody,
            within limit: Duration?
        ) throws(UpstreamFailure) -> UpstreamAnswer {
            throw UpstreamFailure(.unreachable, "there is no server")
        }
    }

    private let calls = RunCalls(calls: NoCalls())

    @Test func `One item that is refused costs no other one`() throws {
        var taken: [Int] = []
        let refused = try calls.sendInHalves(0..<1_000) { some throws(UpstreamFailure) in
            if some.contains(617) { throw UpstreamFailure(.refused, "no") }
            taken += some
        }
        #expect(refused.map { Array($0.items) } == [[617]])
        #expect(taken.sorted() == (0..<1_000).filter { $0 != 617 })
    }

    @Test func `Where everything is refused the calls end soon`() throws {
        var count = 0
        let refused = try calls.sendInHalves(0..<1_000) { _ throws(UpstreamFailure) in
            count += 1
            throw UpstreamFailure(.refused, "no")
        }
        #expect(refused.reduce(0) { $0 + $1.items.count } == 1_000)
        #expect(count < 100)
    }

    @Test func `A server that fails ends it`() {
        #expect(throws: UpstreamFailure.self) {
            _ = try calls.sendInHalves(0..<10) { _ throws(UpstreamFailure) in
                throw UpstreamFailure(.broken, "it fails")
            }
        }
    }
}

@Suite struct PlaceTests {
    @Test(arguments: [
        "mlflow-artifacts:", "mlflow-artifacts:/", "mlflow-artifacts:/a/../b", "mlflow-artifacts:/./a", "s3://b/a",
    ])
    func `A location that is no folder beneath the artifacts is none`(location: String) {
        #expect(ProxiedPath.of(location) == nil)
    }

    @Test func `A path is the same with a host and without`() {
        #expect(ProxiedPath.of("mlflow-artifacts:/1/8a/artifacts") == "1/8a/artifacts")
        #expect(ProxiedPath.of("mlflow-artifacts://host:5000/1/8a/artifacts") == "1/8a/artifacts")
    }

    @Test func `A name with quotes is written in the other ones`() {
        #expect(MLflowUpstream.quoted("net") == "'net'")
        #expect(MLflowUpstream.quoted("it's") == "\"it's\"")
        #expect(MLflowUpstream.quoted("'\"") == nil)
    }
}
