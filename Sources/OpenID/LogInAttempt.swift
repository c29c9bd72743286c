internal import Coding
package import Hashing

/// What ties the answer of an issuer to the browser that has asked: all of it is made of one seed, which that browser keeps.
package struct LogInAttempt: Sendable {
    /// Comes back with the answer (RFC 6749 §10.12).
    package let state: String
    /// Comes back in the token (OpenID Connect Core §15.5.2).
    package let nonce: String
    /// Shown with the code, so that nobody else can use it (RFC 7636).
    package let verifier: String

    /// - Parameters:
    ///   - seed: random bytes, and whatever else shall not be changed between question and answer.
    ///   - key: known to this server alone.
    package init(seed: String, key: HMAC) {
        func derive(_ purpose: String) -> String {
            Base64.encode(key.authenticationCode(for: Array("\(purpose):\(seed)".utf8)), .urlSafe)
        }
        state = derive("state")
        nonce = derive("nonce")
        verifier = derive("verifier")
    }

    package var challenge: String { Base64.encode(SHA256.digest(of: Array(verifier.utf8)), .urlSafe) }

    /// Whether an answer is one to this attempt.
    package func isAnswered(by state: String) -> Bool {
        ConstantTime.areEqual(Array(state.utf8), Array(self.state.utf8))
    }
}
