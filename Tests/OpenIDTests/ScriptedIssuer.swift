import Dispatch
import HTTPClient
import Hashing
import OpenID
import Synchronization

/// An issuer that answers as a test says, without a network.
final class ScriptedIssuer: Sendable {
    struct Script {
        var keys = Samples.keys
        var fails = false
        /// Answers are held back until it is signalled.
        var gate: DispatchSemaphore?
        var calls: [String] = []
        var reports: [String] = []
    }

    let script = Mutex(Script())
    let issuer: Issuer
    let issuers: TokenIssuers

    init(pace: Issuer.Pace = ScriptedIssuer.restless, _ adjust: (inout IssuerSettings) -> Void = { _ in }) throws {
        guard var settings = IssuerSettings(issuer: Samples.issuer) else { throw IssuerFailure("is none") }
        settings.audiences = ["apus"]
        settings.groupsClaim = "groups"
        adjust(&settings)
        let cell = Cell()
        issuer = Issuer(
            settings,
            IssuerCalls { url, _ throws(IssuerFailure) in
                guard let script = cell.owner.withLock({ $0.value }) else { throw IssuerFailure("is gone") }
                return try script.answer(url.target)
            },
            pace: pace,
            report: { text in cell.owner.withLock { $0.value }?.script.withLock { $0.reports.append(text) } }
        )
        issuers = TokenIssuers([issuer])
        cell.owner.withLock { $0.value = self }
    }

    /// Asks again whenever a key is missing.
    static var restless: Issuer.Pace {
        var pace = Issuer.Pace()
        (pace.retryInterval, pace.retryIntervalWithoutKeys, pace.maximumWait) = (.zero, .zero, .seconds(600))
        return pace
    }

    /// Who a token is of, once the keys that it may need have been fetched.
    func proof(of text: String, at now: Double = Samples.now) throws(TokenFault) -> ProvenToken {
        let before = fetches
        while true {
            do throws(TokenFault) {
                return try issuers.proof(of: Array(text.utf8), at: Int64(now * 1_000))
            } catch .awaitingKeys(let fetch) where fetches < before + 2 {
                // A key that is still missing after two whole fetches is none that the issuer publishes.
                let isOver = DispatchSemaphore(value: 0)
                fetch.whenOver { isOver.signal() }
                isOver.wait()
            }
        }
    }

    /// Why a token is refused; nil if it is not.
    func fault(of text: String, at now: Double = Samples.now) -> TokenFault? {
        do throws(TokenFault) {
            _ = try proof(of: text, at: now)
            return nil
        } catch {
            return error
        }
    }

    var fetches: Int { script.withLock { $0.calls.count { $0.hasSuffix("/keys") } } }

    private func answer(_ target: String) throws(IssuerFailure) -> (status: Int, body: [UInt8]) {
        let (fails, keys, gate) = script.withLock { script in
            script.calls.append(target)
            return (script.fails, script.keys, script.gate)
        }
        gate?.wait()
        if fails { throw IssuerFailure("is away") }
        if target.hasSuffix("/keys") { return (200, Array(keys.utf8)) }
        let document = "{\"issuer\":\"\(Samples.issuer)\",\"jwks_uri\":\"\(Samples.issuer)/keys\"}"
        return (200, Array(document.utf8))
    }

    private final class Cell: Sendable {
        struct Owner: Sendable { weak var value: ScriptedIssuer? }
        let owner = Mutex(Owner())
    }
}

/// Attempts of two servers.
struct AttemptKeys {
    func attempt(_ seed: String, _ server: UInt8) -> LogInAttempt { LogInAttempt(seed: seed, key: HMAC(key: [server])) }
}
