internal import TLS

/// The certificates that a client trusts, and its own certificate, for https.
public struct TLSSettings: Sendable {
    /// Whether certificates and their names are verified.
    public var verifiesCertificates = true
    /// A file or folder with trusted certificates; nil for the system's certificates.
    public var trustedCertificates: String?
    /// The file of the client's own certificate; nil to send none.
    public var clientCertificate: String?
    /// The file of the certificate's private key; nil if the key is in the file of the certificate.
    public var clientKey: String?

    /// Settings that trust the system's certificates.
    public init() {}

    var trust: TLSTrust {
        var trust = TLSTrust()
        trust.verifies = verifiesCertificates
        if let trustedCertificates { trust.authorities = .path(trustedCertificates, source: "trustedCertificates") }
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
