/// Why a token shows nobody.
package enum TokenFault: Error, Sendable, Equatable {
    /// It never will; the value says what is wrong with it, in a whole sentence.
    case refused(String)
    /// It cannot be told yet, because keys are missing that may soon be there; the value says which.
    case unready(String)
}

/// Why an issuer cannot be asked, or what it answers cannot be used.
package struct IssuerFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The end of a sentence that begins with the address that was called, or with the issuer.
    package let description: String
    /// Whether the issuer has refused what a person has brought, so that asking again is of no use.
    package let isRefusal: Bool

    package init(_ description: String, isRefusal: Bool = false) {
        self.description = description
        self.isRefusal = isRefusal
    }
}
