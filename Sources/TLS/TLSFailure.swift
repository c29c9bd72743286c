/// The reason why a connection cannot be encrypted, or why its peer is not trusted.
package enum TLSFailure: Error, Sendable, Equatable {
    /// OpenSSL 3 is not on this machine or cannot be used; the value says why.
    case noLibrary(String)
    /// A file of certificates or keys, or a setting, cannot be used; the value names it and says why.
    case badFile(String)
    /// The certificate's validity ended at this date.
    case expired(String)
    /// The certificate's validity begins at this date.
    case notYetValid(String)
    /// The certificate is not for the expected name, but for these names.
    case wrongName([String])
    /// The certificate is signed with its own key, and is not a trusted certificate.
    case selfSigned
    /// The issuer of the certificate is not trusted.
    case unknownIssuer
    /// The certificate is refused for another reason.
    case untrusted(String)
    /// The peer does not speak TLS.
    case notTLS
    /// The peer supports only versions of TLS before 1.2.
    case oldVersion
    /// The peer requires a certificate of this side, and none was sent.
    case wantsCertificate
    /// The peer refuses this side's certificate or the connection; the value is the peer's reason.
    case refused(String)
    /// The peer closed the connection before it was encrypted.
    case closed
    /// Any other failure; the value is the reason.
    case broken(String)
}

extension TLSFailure: CustomStringConvertible {
    /// The reason as the end of a sentence about the peer, which is called "it".
    package var description: String {
        switch self {
        case .noLibrary(let reason):
            "https needs OpenSSL 3 (libssl.so.3 and libcrypto.so.3), which cannot be loaded: \(reason)"
        case .badFile(let reason): reason
        case .expired(let date): "its certificate has expired: it was valid until \(date)"
        case .notYetValid(let date):
            "its certificate is valid only from \(date) on, or the clock of this machine is wrong"
        case .wrongName(let names):
            names.isEmpty
                ? "its certificate is for another name"
                : "its certificate is for another name: it is for \(names.joined(separator: ", "))"
        case .selfSigned: "its certificate is signed by itself, and is not among the trusted ones"
        case .unknownIssuer: "the issuer of its certificate is not among the trusted ones"
        case .untrusted(let reason): "its certificate is refused: \(reason)"
        case .notTLS: "it does not speak TLS, so it cannot be reached with https"
        case .oldVersion: "it speaks neither TLS 1.2 nor TLS 1.3"
        case .wantsCertificate: "it wants a certificate of the client"
        case .refused(let reason): "it refuses the encrypted connection: \(reason)"
        case .closed: "it closes the connection instead of encrypting it"
        case .broken(let reason): "the encryption fails: \(reason)"
        }
    }
}
