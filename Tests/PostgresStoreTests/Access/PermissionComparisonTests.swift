import Budgets
import Identities
import PostgresStore
import TestSupport
import Testing
import Tracking

/// Both stores let the same clients do the same.
@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct PermissionComparisonTests {
    @Test func `clients with random rights get the same answers and errors over both databases`() throws {
        let seed = testSeed()
        let stores = try SameWrites()
        try RightsWorld.make(in: stores)
        let named = RightsWorld.models + ["c"]
        var callers = RandomCallers(seed: seed, experiments: RightsWorld.experiments, models: named)
        var (changes, questions) = (RandomChanges(seed: seed), RandomQuestions(seed: seed))
        var refusals = 0
        for number in 0..<60 {
            let (caller, rights) = callers.next()
            for _ in 0..<8 {
                let (what, question) = questions.next()
                let answers = stores.read(for: caller, question)
                #expect(answers.postgres == answers.sqlite, "\(seed), \(number): \(rights): \(what)")
                if answers.sqlite.hasPrefix("permissionDenied") { refusals += 1 }
            }
            for _ in 0..<8 {
                let (what, change) = changes.next()
                let answers = stores.write(for: caller, change)
                #expect(answers.postgres == answers.sqlite, "\(seed), \(number): \(rights): \(what)")
                if answers.sqlite.hasPrefix("permissionDenied") { refusals += 1 }
            }
            if number.isMultiple(of: 5) { RightsWorld.mend(stores) }
        }
        #expect(refusals > 100)
    }

    @Test func `what one request may not log does not keep the others of its transaction`() throws {
        let fixture = try PostgresStoreFixture()
        let run = try fixture.makeRun()
        let identity = Identity(.user, name: "ana", permissions: Permissions([], defaultLevel: .read))
        let reader = Caller(peer: Peer(address: "192.0.2.1"), identity: identity)
        var outcomes: [Outcome<Result<Void, any Error>>] = []
        try fixture.whileWriterIsBusy {
            for (key, caller) in [("a", Caller.server), ("b", reader), ("c", Caller.server)] {
                outcomes.append(
                    fixture.submit(for: caller) { try $0.setTag(Tag(key: key, value: "1"), runID: run) }
                )
            }
        }
        let errors = outcomes.map { outcome in trackingError { try outcome.wait().get() }?.code }
        #expect(errors == [nil, .permissionDenied, nil])
        let keys = try fixture.read { try $0.run(id: run).tags.map(\.key) }
        #expect(keys == ["a", "c", "mlflow.runName"])
    }
}
