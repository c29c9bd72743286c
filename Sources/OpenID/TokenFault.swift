/// Why a token does not identify a user.
package enum TokenFault: Error, Sendable, Equatable {
    /// This server will never accept the token. The value is a whole sentence that says why.
    case refused(String)
    /// The token cannot be checked yet, because the issuer's keys are missing. The value is a whole sentence that says
    /// why.
    case unready(String)
}

/// Why a call to an issuer failed, or why its answer cannot be used.
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
