internal import Coding
package import Hashing

/// The values that prove that an issuer's answer belongs to the browser that has begun a log-in.
///
/// All values are derived from one seed, which the browser stores.
package struct LogInAttempt: Sendable {
    /// The value that the issuer must return with its answer (RFC 6749 §10.12).
    package let state: String
    /// The value that the token must contain (OpenID Connect Core §15.5.2).
    package let nonce: String
    /// The secret that is sent together with the issuer's code, so that nobody else can use the code (RFC 7636).
    package let verifier: String

    /// - Parameters:
    ///   - seed: random bytes, followed by any data that must be the same in the request and in the answer.
    ///   - key: a key that only this server knows.
    package init(seed: String, key: HMAC) {
        func derive(_ purpose: String) -> String {
            Base64.encode(key.authenticationCode(for: Array("\(purpose):\(seed)".utf8)), .urlSafe)
        }
        state = derive("state")
        nonce = derive("nonce")
        verifier = derive("verifier")
    }

    /// The hash of `verifier`; the issuer gets the hash first, and checks `verifier` against it later (RFC 7636).
    package var challenge: String { Base64.encode(SHA256.digest(of: Array(verifier.utf8)), .urlSafe) }

    /// Whether the `state` of an answer belongs to this attempt; compares in constant time.
    package func isAnswered(by state: String) -> Bool {
        ConstantTime.areEqual(Array(state.utf8), Array(self.state.utf8))
    }
}
