/// Why a token shows nobody.
package enum TokenFault: Error, Sendable, Equatable {
    /// It never will; the value says what is wrong with it, in a whole sentence.
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
    /// The end of a sentence that begins with the address that was called, or with the issuer.
    package let description: String
    /// Whether the issuer has refused what a person has brought, so that asking again is of no use.
    package let isRefusal: Bool

    package init(_ description: String, isRefusal: Bool = false) {
        self.description = description
        self.isRefusal = isRefusal
    }
}
