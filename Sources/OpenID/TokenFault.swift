/// Why a token does not identify a user.
package enum TokenFault: Error, Sendable, Equatable {
    /// This server will never accept the token. The value is a whole sentence that says why.
    case refused(String)
    /// It cannot be told yet, because keys are missing that are being fetched.
    case awaited(KeyFetch)
    /// It cannot be told, because keys are missing and the issuer is away; the value says which, in a whole sentence.
    case unready(String)
}

/// The keys of an issuer on their way.
package struct KeyFetch: Sendable, Equatable {
    private let issuer: Issuer

    init(of issuer: Issuer) { self.issuer = issuer }

    /// Calls a closure, on any thread, when they are there or cannot be fetched, or that has taken long; at once if that is so.
    package func whenOver(_ done: @escaping @Sendable () -> Void) { issuer.whenFetched(done) }

    package static func == (one: KeyFetch, other: KeyFetch) -> Bool { one.issuer === other.issuer }
}

/// Why an issuer cannot be asked, or what it answers cannot be used.
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
