internal import Logging
internal import TLS

/// The certificate of the server, which can be read again while the server is running.
final class ServedCertificate: Sendable {
    let context: TLSServerContext
    private let identity: TLSIdentity

    /// - Throws: `StartFailure` if the files or the library cannot be used.
    init(_ identity: TLSIdentity) throws(StartFailure) {
        self.identity = identity
        do throws(TLSFailure) {
            context = TLSServerContext(try .server(identity))
        } catch {
            throw StartFailure("\(error).")
        }
    }

    /// The files of the certificate and the key, from the flags, else the variables, else `--uvicorn-opts`; nil for plain http.
    static func identity(
        _ options: ListeningOptions,
        _ mlflowFlags: MLflowServerFlags,
        _ environment: Environment
    ) throws(StartFailure) -> TLSIdentity? {
        let named = try mlflowFlags.encryption(environment)
        let certificate = environment.setting(.sslCertificate, options.sslCertfile) ?? named.certificate
        let key = environment.setting(.sslKey, options.sslKeyfile) ?? named.key
        guard let certificate else {
            guard let key else { return nil }
            throw StartFailure("\(key.source) names a private key, but no certificate is given: add --ssl-certfile.")
        }
        return TLSIdentity(
            certificatePath: certificate.text,
            certificate.source,
            keyPath: (key ?? certificate).text,
            (key ?? certificate).source
        )
    }

    /// Warnings about the files for the operator, one line each.
    var warnings: [String] {
        let expiry = context.current.expiry.map { "the certificate has expired: it was valid until \($0)" }
        return [expiry, identity.keyWarning].compactMap { $0 }
    }

    /// Reads the files again, for new connections.
    ///
    /// If they cannot be used, the old certificate stays.
    func renew(_ logger: Logger) {
        do throws(TLSFailure) {
            context.replace(by: try .server(identity))
            logger.notice("the certificate was read anew", metadata: ["file": "\(identity.certificatePath)"])
            for line in warnings { logger.warning("\(line)") }
        } catch {
            logger.error("the server keeps the old certificate: \(error)")
        }
    }
}
