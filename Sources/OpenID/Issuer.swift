internal import Coding
internal import Dispatch
internal import HTTPClient
internal import Hashing
internal import JSON
internal import Synchronization
internal import Threads

/// An issuer of tokens, with its keys.
///
/// The keys are fetched when a token needs them; old keys stay in use while the issuer does not answer.
package final class Issuer: Sendable {
    private struct State {
        var document: IssuerDocument?
        var keys: KeySet?
        /// The issuer's answer from which `keys` was read.
        var keyBytes: [UInt8] = []
        /// How many times the keys have changed.
        var generation = 0
        var lastAttempt: ContinuousClock.Instant?
        var lastSuccess: ContinuousClock.Instant?
        /// Why the last fetch failed; nil if it succeeded.
        var failure: IssuerFailure?
        var isFetching = false
        /// Closures to call when a fetch of the keys ends, with or without success, or takes longer than `Pace.maximumWait`.
        var waitingClosures: [@Sendable () -> Void] = []
    }

    /// How often the keys are fetched, and how long requests wait for them.
    package struct Pace: Sendable {
        /// The shortest time between two attempts while the server has keys.
        package var retryInterval = Duration.seconds(60)
        /// The shortest time between two attempts while the server has no keys.
        package var retryIntervalWithoutKeys = Duration.seconds(5)
        /// The age at which keys are fetched again even if no key is missing, so that a withdrawn key is removed.
        package var refreshInterval = Duration.seconds(3_600)
        /// How long a request waits for keys that are being fetched.
        package var maximumWait = Duration.seconds(2)

        package init() {}
    }

    package let settings: IssuerSettings
    /// Sends the requests to the issuer.
    private let calls: IssuerCalls
    private let pace: Pace
    private let report: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// - Parameter report: receives a message when the issuer cannot be reached, and when it can be reached again.
    package init(
        _ settings: IssuerSettings,
        _ calls: IssuerCalls,
        pace: Pace = Pace(),
        report: @escaping @Sendable (String) -> Void
    ) {
        self.settings = settings
        self.calls = calls
        self.pace = pace
        self.report = report
    }

    /// How many times the keys have changed.
    ///
    /// Tokens that were checked with older keys must be checked again.
    var generation: Int { state.withLock(\.generation) }

    /// Starts to fetch the keys on another thread, and returns at once.
    package func begin() { _ = startFetching() }

    // MARK: Tokens

    /// Checks a token that was sent as a credential, without blocking.
    ///
    /// - Parameter now: the current time in Unix seconds.
    func check(_ token: JSONWebToken, at now: Double) throws(TokenFault) -> ProvenToken {
        let rules = TokenRules(settings: settings, audiences: settings.audiences)
        // The key is looked up last, so that a token with invalid claims does not make the server fetch keys.
        let proof = try rules.check(token.claims, at: now)
        let key: KeySet.Entry
        switch findKey(of: token) {
        case .key(let found): key = found
        case .unfit: throw Self.unfitKey
        case .unknown:
            if startFetching() { throw isFetchSlow ? slowFetch : .awaitingKeys(KeyFetch(of: self)) }
            if let failure = state.withLock(\.failure) {
                throw .keysUnavailable("The keys of \(settings.issuer) cannot be fetched at the moment: it \(failure).")
            }
            throw unknownKey
        }
        guard token.isSigned(by: key) else { throw Self.wrongSignature }
        return proof
    }

    private static let unfitKey = TokenFault.refused("The token's key (kid) is not one for its algorithm (alg).")
    private static let wrongSignature = TokenFault.refused("The signature of the token is wrong.")
    private var unknownKey: TokenFault {
        .refused("The token is signed with a key (kid) that \(settings.issuer) does not publish.")
    }

    private var slowFetch: TokenFault {
        .keysUnavailable("The keys of \(settings.issuer) are still being fetched; send the request again in a moment.")
    }

    /// Finds the key of a token without blocking; starts to fetch the keys if they are old.
    private func findKey(of token: JSONWebToken) -> KeySet.FoundKey {
        let (keys, isOld) = state.withLock { state in
            (state.keys, state.lastSuccess.map { .now - $0 > pace.refreshInterval } ?? false)
        }
        if isOld { _ = startFetching() }
        return keys?.key(for: token) ?? .unknown
    }

    // MARK: Keys

    /// Starts a thread that fetches the keys, unless one is running or the last attempt is too recent.
    ///
    /// - Returns: whether the keys are being fetched now.
    private func startFetching() -> Bool {
        let (isFetching, mayStart) = state.withLock { state in
            if state.isFetching { return (true, false) }
            let interval = state.keys == nil ? pace.retryIntervalWithoutKeys : pace.retryInterval
            if let last = state.lastAttempt, .now - last < interval { return (false, false) }
            state.lastAttempt = .now
            state.isFetching = true
            return (true, true)
        }
        guard mayStart else { return isFetching }
        let isStarted = SystemThread.start(name: "apus.issuer") { [self] in fetch() }
        if !isStarted { endFetch { _ in } }
        return isStarted
    }

    /// Whether the fetch of the keys has already taken so long that requests do not wait for it any more.
    private var isFetchSlow: Bool {
        state.withLock { state in
            state.isFetching && state.lastAttempt.map { .now - $0 >= pace.maximumWait } ?? false
        }
    }

    /// Calls `done` at once if no keys are being fetched; otherwise when the fetch ends or takes longer than `Pace.maximumWait`.
    func whenFetched(_ done: @escaping @Sendable () -> Void) {
        let (isFetched, isFirst) = state.withLock { state in
            guard state.isFetching else { return (true, false) }
            state.waitingClosures.append(done)
            return (false, state.waitingClosures.count == 1)
        }
        if isFetched { return done() }
        guard isFirst else { return }
        let seconds = Double(pace.maximumWait.components.seconds)
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [weak self] in self?.callWaitingClosures() }
    }

    private func endFetch(_ update: (inout State) -> Void) {
        state.withLock { state in
            update(&state)
            state.isFetching = false
        }
        callWaitingClosures()
    }

    private func callWaitingClosures() {
        let closures = state.withLock { state in
            defer { state.waitingClosures = [] }
            return state.waitingClosures
        }
        for done in closures { done() }
    }

    /// Fetches the issuer's configuration and keys; if this fails, the older ones are kept.
    private func fetch() {
        var result: Result<(IssuerDocument, KeySet, [UInt8]), IssuerFailure>
        do throws(IssuerFailure) {
            let document = try IssuerDocument(try calls.get(try discoveryURL), settings)
            let bytes = try calls.get(document.keysURL)
            result = .success((document, try KeySet(bytes), bytes))
        } catch {
            result = .failure(error)
        }
        var previousFailure: IssuerFailure?
        endFetch { state in
            previousFailure = state.failure
            switch result {
            case .failure(let failure): state.failure = failure
            case .success(let (document, keys, bytes)):
                state.failure = nil
                state.lastSuccess = .now
                state.document = document
                guard bytes != state.keyBytes else { break }
                (state.keys, state.keyBytes) = (keys, bytes)
                state.generation += 1
            }
        }
        switch result {
        case .failure(let failure):
            if failure != previousFailure { report("\(settings.issuer) \(failure)") }
        case .success:
            if previousFailure != nil { report("\(settings.issuer) can be reached again") }
        }
    }

    private var discoveryURL: HTTPURL {
        get throws(IssuerFailure) {
            let base = settings.issuer.hasSuffix("/") ? String(settings.issuer.dropLast()) : settings.issuer
            guard let url = IssuerURL.parse(base + "/.well-known/openid-configuration") else {
                throw IssuerFailure("has no address that can be called")
            }
            return url
        }
    }

    // MARK: Log-in

    /// The address to which a browser is sent for a log-in (RFC 6749 §4.1.1, RFC 7636 §4.3).
    ///
    /// - Throws: if the settings have no client for log-ins, if the issuer does not support log-ins, or if its configuration is
    ///   not known yet.
    package func authorizationAddress(
        for attempt: LogInAttempt,
        returningTo redirect: String
    ) throws(IssuerFailure) -> String {
        guard let client = settings.client else { throw IssuerFailure("is not set up for log-ins to this server") }
        guard let document = state.withLock(\.document) else { throw notReady }
        guard let endpoint = document.authorizationEndpoint else {
            throw IssuerFailure("does not support log-ins: it has no authorization_endpoint")
        }
        let query = Self.form([
            ("response_type", "code"), ("client_id", client.id), ("redirect_uri", redirect), ("scope", client.scope),
            ("state", attempt.state), ("nonce", attempt.nonce), ("code_challenge", attempt.challenge),
            ("code_challenge_method", "S256"),
        ])
        return endpoint + (endpoint.contains("?") ? "&" : "?") + query
    }

    /// The error while the issuer's configuration is not known; also starts to fetch the configuration.
    private var notReady: IssuerFailure {
        let isFetching = startFetching()
        if let failure = state.withLock(\.failure), !isFetching { return failure }
        return IssuerFailure("has not answered yet; try again in a moment")
    }

    /// Exchanges the code that the browser has received from the issuer for a token, and returns the user who has logged in.
    ///
    /// Blocks while it calls the issuer.
    /// - Parameters:
    ///   - issuer: the parameter `iss` of the answer (RFC 9207); nil if the answer has none.
    ///   - now: the current time in Unix seconds.
    package func user(
        code: String,
        from issuer: String?,
        _ attempt: LogInAttempt,
        returnedTo redirect: String,
        at now: Double
    ) throws -> ProvenToken {
        guard let client = settings.client, let document = state.withLock(\.document) else { throw notReady }
        guard issuer.map({ $0.utf8.elementsEqual(settings.issuer.utf8) }) ?? !document.answersWithIssuer else {
            throw TokenFault.refused("The answer is of another issuer.")
        }
        guard let endpoint = document.tokenEndpoint else { throw IssuerFailure("has no token_endpoint") }
        var values = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect),
            ("code_verifier", attempt.verifier),
        ]
        var fields: [(name: String, value: String)] = []
        if let secret = client.secret, !document.needsSecretInBody {
            let pair = "\(PercentCoding.encode(client.id)):\(PercentCoding.encode(secret))"
            fields.append(("Authorization", "Basic \(Base64.encode(Array(pair.utf8), .standard))"))
        } else {
            values.append(("client_id", client.id))
            if let secret = client.secret { values.append(("client_secret", secret)) }
        }
        let reply = try calls.post(endpoint, Self.form(values), fields)
        let answer = try? JSONDocument(parsing: reply.body).root
        guard reply.status == 200, let text = answer?["id_token"]?.string else {
            let reason = answer?["error"]?.string.map { " (\($0.printable(limit: 100)))" } ?? ""
            let isRefusal = (400..<500).contains(reply.status)
            throw IssuerFailure("answers \(reply.status)\(reason) instead of a token", isRefusal: isRefusal)
        }
        return try checkLogIn(JSONWebToken(Array(text.utf8)), for: client, attempt, at: now)
    }

    /// Checks the token that the issuer has made for a log-in.
    private func checkLogIn(
        _ token: JSONWebToken,
        for client: IssuerSettings.Client,
        _ attempt: LogInAttempt,
        at now: Double
    ) throws(TokenFault) -> ProvenToken {
        let proof = try TokenRules(settings: settings, audiences: [client.id]).check(token.claims, at: now)
        guard let nonce = token.claims.text("nonce"),
            ConstantTime.areEqual(Array(nonce.utf8), Array(attempt.nonce.utf8))
        else { throw .refused("The token belongs to another log-in (nonce).") }
        let isShared = (token.claims.texts("aud") ?? []).count > 1
        guard token.claims.has("azp") || isShared ? token.claims.text("azp") == client.id : true else {
            throw .refused("The token was made for another client (azp).")
        }
        switch findKeyWaiting(of: token) {
        case .key(let key):
            guard token.isSigned(by: key) else { throw Self.wrongSignature }
            return proof
        case .unfit: throw Self.unfitKey
        case .unknown: throw state.withLock(\.isFetching) ? slowFetch : unknownKey
        }
    }

    /// Finds the key of a token; if the key is unknown, blocks while the keys are fetched.
    private func findKeyWaiting(of token: JSONWebToken) -> KeySet.FoundKey {
        let found = findKey(of: token)
        guard case .unknown = found, startFetching(), !isFetchSlow else { return found }
        let fetchEnd = DispatchSemaphore(value: 0)
        whenFetched { fetchEnd.signal() }
        fetchEnd.wait()
        return findKey(of: token)
    }

    private static func form(_ values: [(String, String)]) -> String {
        values.map { "\($0)=\(PercentCoding.encode($1))" }.joined(separator: "&")
    }
}
