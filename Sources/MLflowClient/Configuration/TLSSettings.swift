internal import TLS

/// Whom a client trusts over https, and which certificate it shows.
public struct TLSSettings: Sendable {
    /// Whether certificates and their names are verified.
    public var verifiesCertificates = true
    /// A file or a folder of trusted certificates; nil for those of the system.
    public var trustedCertificates: String?
    /// The file of the client's own certificate; nil to send none.
    public var clientCertificate: String?
    /// The file of the certificate's private key; nil when it is in the file of the certificate.
    public var clientKey: String?

    /// Trusts the system's certificates.
    public init() {}

    var trust: TLSTrust {
        var trust = TLSTrust()
        trust.verifies = verifiesCertificates
        if let trustedCertificates {
            trust.authorities = .path(trustedCertificates, source: "trustedCertificates")
        }
        if let clientCertificate {
            trust.ownCertificate = TLSIdentity(
                certificatePath: clientCertificate,
                "clientCertificate",
                keyPath: clientKey ?? clientCertificate,
                clientKey == nil ? "clientCertificate" : "clientKey"
            )
        }
        return trust
    }
}
