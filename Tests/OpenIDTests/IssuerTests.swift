import Dispatch
import OpenID
import Synchronization
import Testing

/// When an issuer is asked for its keys, and what counts while it cannot be asked.
@Suite struct IssuerTests {
    private let token = Samples.tokens["ES256"] ?? ""

    @Test func `a key that is missing is fetched, and one that was withdrawn counts no more`() throws {
        let scripted = try ScriptedIssuer()
        #expect(scripted.fault(of: token) == nil)
        #expect(scripted.fault(of: token) == nil && scripted.fetches == 1)
        scripted.script.withLock { $0.keys = Samples.newKeys }
        #expect(scripted.fault(of: Samples.new) == nil)
        #expect(scripted.fetches == 2)
        // It was remembered as proven by a key that is there no more.
        #expect(scripted.fault(of: token, at: Samples.now + 1) != nil)
        scripted.script.withLock { $0.keys = Samples.keys }
        #expect(scripted.fault(of: token) == nil)
    }

    @Test func `within a minute an issuer is asked once, whatever keys are named`() throws {
        let scripted = try ScriptedIssuer(pace: Issuer.Pace())
        #expect(scripted.fault(of: token) == nil)
        for _ in 0..<100 {
            guard case .refused(let reason) = scripted.fault(of: Samples.new) else {
                Issue.record("taken without its key")
                return
            }
            #expect(reason.contains("does not publish"))
        }
        #expect(scripted.fetches == 1)
    }

    @Test func `a token that is no good anyhow makes nobody ask`() throws {
        let scripted = try ScriptedIssuer()
        guard case .refused = scripted.fault(of: Samples.new, at: Samples.now + 10_000) else {
            Issue.record("taken after its end")
            return
        }
        #expect(scripted.script.withLock(\.calls).isEmpty)
    }

    @Test func `while the issuer is away its keys count on, and that is told once`() throws {
        let scripted = try ScriptedIssuer()
        #expect(scripted.fault(of: token) == nil)
        scripted.script.withLock { $0.fails = true }
        for _ in 0..<3 {
            guard case .awaitingKeys = fault(scripted, Samples.new) else {
                Issue.record("not waited for")
                return
            }
        }
        #expect(scripted.fault(of: Samples.tokens["RS256"] ?? "") == nil)
        while scripted.script.withLock({ $0.reports.isEmpty }) {}
        scripted.script.withLock { script in
            script.fails = false
            script.keys = Samples.newKeys
        }
        #expect(scripted.fault(of: Samples.new) == nil)
        // Who waits for the keys goes on before the log is written.
        while scripted.script.withLock({ $0.reports.count < 2 }) {}
        let reports = scripted.script.withLock(\.reports)
        #expect(reports == ["\(Samples.issuer) is away", "\(Samples.issuer) can be reached again"])
    }

    @Test func `without keys a token is not refused for good`() throws {
        var pace = Issuer.Pace()
        pace.retryIntervalWithoutKeys = .seconds(3_600)
        let scripted = try ScriptedIssuer(pace: pace)
        scripted.script.withLock { $0.fails = true }
        guard case .keysUnavailable(let reason) = scripted.fault(of: token) else {
            Issue.record("refused for good")
            return
        }
        #expect(reason.contains("is away"))
        #expect(scripted.script.withLock(\.calls).count == 1)
    }

    @Test func `an answer is one of its attempt alone`() throws {
        let scripted = try ScriptedIssuer()
        #expect(scripted.issuer.settings.client == nil)
        let key = AttemptKeys()
        let (one, same, other) = (key.attempt("a", 1), key.attempt("a", 1), key.attempt("b", 1))
        #expect(one.isAnswered(by: same.state) && !one.isAnswered(by: other.state) && !one.isAnswered(by: ""))
        #expect(!one.isAnswered(by: key.attempt("a", 2).state))
        #expect(Set([one.state, one.nonce, one.verifier, one.challenge]).count == 4)
        #expect(one.verifier.utf8.count == 43)
    }

    @Test func `a fetch that takes long is not waited for any more`() throws {
        var pace = ScriptedIssuer.restless
        pace.maximumWait = .zero
        let scripted = try ScriptedIssuer(pace: pace)
        let gate = DispatchSemaphore(value: 0)
        scripted.script.withLock { $0.gate = gate }
        defer { for _ in 0..<8 { gate.signal() } }
        guard case .keysUnavailable(let reason) = fault(scripted, token) else {
            Issue.record("waited for")
            return
        }
        #expect(reason.contains("are still being fetched"))
    }

    @Test func `all who wait for keys go on when they are there`() throws {
        let scripted = try ScriptedIssuer()
        let gate = DispatchSemaphore(value: 0)
        scripted.script.withLock { $0.gate = gate }
        let isOver = DispatchSemaphore(value: 0)
        for _ in 0..<3 {
            guard case .awaitingKeys(let fetch) = fault(scripted, token) else {
                Issue.record("not waited for")
                return
            }
            fetch.whenOver { isOver.signal() }
        }
        for _ in 0..<2 { gate.signal() }
        for _ in 0..<3 { isOver.wait() }
        #expect(fault(scripted, token) == nil)
    }

    private func fault(_ scripted: ScriptedIssuer, _ token: String) -> TokenFault? {
        do throws(TokenFault) {
            _ = try scripted.issuers.proof(of: Array(token.utf8), at: Int64(Samples.now * 1_000))
            return nil
        } catch {
            return error
        }
    }
}
