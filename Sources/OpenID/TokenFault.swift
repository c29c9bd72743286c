/// Why a token does not identify a user.
package enum TokenFault: Error, Sendable, Equatable {
    /// This server will never accept the token. The value is a whole sentence that says why.
    case refused(String)
    /// The token can be checked only after the issuer's keys have been fetched; the value is this fetch, which has begun.
    case awaitingKeys(KeyFetch)
    /// The token cannot be checked, because the issuer's keys cannot be fetched; the value is a whole sentence that says why.
    case keysUnavailable(String)
}

/// A fetch of an issuer's keys that has begun.
package struct KeyFetch: Sendable, Equatable {
    private let issuer: Issuer

    init(of issuer: Issuer) { self.issuer = issuer }

    /// Calls `done` on any thread when the fetch has ended, with or without success, or has taken too long; calls it at
    /// once if that has already happened.
    package func whenOver(_ done: @escaping @Sendable () -> Void) { issuer.whenFetched(done) }

    package static func == (one: KeyFetch, other: KeyFetch) -> Bool { one.issuer === other.issuer }
}

/// Why an issuer cannot be called, or why its answer cannot be used.
package struct IssuerFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The rest of a sentence whose subject is the issuer or the called address, such as "answers 500".
    package let description: String
    /// Whether the issuer refused the user's log-in code, so that repeating the call would not help.
    package let isRefusal: Bool

    package init(_ description: String, isRefusal: Bool = false) {
        self.description = description
        self.isRefusal = isRefusal
    }
}
