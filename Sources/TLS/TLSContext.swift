internal import COpenSSL
internal import Synchronization

/// The settings that many sessions share; never changes.
package final class TLSContext: @unchecked Sendable {
    // Unchecked because OpenSSL counts references of a context under a lock, and nothing else changes.
    let pointer: OpaquePointer
    let isServer: Bool
    let verifiesPeer: Bool

    private init(isServer: Bool, verifiesPeer: Bool) throws(TLSFailure) {
        try OpenSSL.load()
        apus_ERR_clear_error()
        guard let made = apus_SSL_CTX_new(isServer ? apus_TLS_server_method() : apus_TLS_client_method()) else {
            throw .broken(OpenSSL.text(OpenSSL.takeError()))
        }
        pointer = made
        self.isServer = isServer
        self.verifiesPeer = verifiesPeer
        let version = Int(APUS_TLS1_2_VERSION.rawValue)
        apus_SSL_CTX_ctrl(made, Int32(APUS_SSL_CTRL_SET_MIN_PROTO_VERSION.rawValue), version, nil)
        let mode =
            APUS_SSL_MODE_ENABLE_PARTIAL_WRITE.rawValue | APUS_SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER.rawValue
            | APUS_SSL_MODE_RELEASE_BUFFERS.rawValue
        apus_SSL_CTX_ctrl(made, Int32(APUS_SSL_CTRL_MODE.rawValue), Int(mode), nil)
        // With this setting, one system call can read several records with their headers.
        apus_SSL_CTX_ctrl(made, Int32(APUS_SSL_CTRL_SET_READ_AHEAD.rawValue), 1, nil)
        apus_SSL_CTX_set_options(
            made,
            UInt64(APUS_SSL_OP_NO_COMPRESSION.rawValue) | UInt64(APUS_SSL_OP_NO_RENEGOTIATION.rawValue)
        )
        apus_refuse_passwords(made)
    }

    deinit { apus_SSL_CTX_free(pointer) }

    /// Makes the context of a client.
    ///
    /// - Throws: `.noLibrary`, or `.badFile` for certificates that cannot be used.
    package static func client(_ trust: TLSTrust) throws(TLSFailure) -> TLSContext {
        let context = try TLSContext(isServer: false, verifiesPeer: trust.verifies)
        // Without this call a client accepts every certificate (SSL_CTX_set_verify(3)).
        if trust.verifies {
            apus_verify_peers(context.pointer)
            try context.load(trust.authorities)
        }
        if let own = trust.ownCertificate { try context.use(own) }
        let protocols: [UInt8] = [8] + Array("http/1.1".utf8)
        apus_SSL_CTX_set_alpn_protos(context.pointer, protocols, UInt32(protocols.count))
        return context
    }

    /// Makes the context of a server.
    ///
    /// - Throws: `.noLibrary`, or `.badFile` for a certificate or key that cannot be used.
    package static func server(_ own: TLSIdentity) throws(TLSFailure) -> TLSContext {
        let context = try TLSContext(isServer: true, verifiesPeer: false)
        try context.use(own)
        apus_offer_http11(context.pointer)
        // Clients resume sessions with tickets, which need no memory in the server, unlike a cache of sessions.
        apus_SSL_CTX_ctrl(context.pointer, Int32(APUS_SSL_CTRL_SET_SESS_CACHE_MODE.rawValue), 0, nil)
        // Many clients close the connection without the last record of TLS. The framing of HTTP shows whether a request
        // is complete.
        apus_SSL_CTX_set_options(context.pointer, UInt64(APUS_SSL_OP_IGNORE_UNEXPECTED_EOF.rawValue))
        return context
    }

    /// Whether this side's certificate is for a host name or numeric address.
    package func isFor(_ host: String) -> Bool { ownCertificate?.isFor(host) ?? false }

    /// The date until which this side's certificate was valid; nil if it has not expired.
    package var expiry: String? { ownCertificate.flatMap { $0.hasExpired ? $0.validUntil : nil } }

    private var ownCertificate: Certificate? { apus_SSL_CTX_get0_certificate(pointer).map { Certificate($0) } }

    private func load(_ authorities: TLSTrust.Authorities) throws(TLSFailure) {
        switch authorities {
        case .system:
            guard apus_SSL_CTX_set_default_verify_paths(pointer) == 1 else {
                throw .badFile("the system's certificates cannot be read: \(OpenSSL.text(OpenSSL.takeError()))")
            }
        case .path(let path, let source):
            let isLoaded = PEMFile.isFolder(path) ? apus_SSL_CTX_load_verify_dir : apus_SSL_CTX_load_verify_file
            guard isLoaded(pointer, path) == 1 else { throw Self.badFile(source, path, "no trusted certificates") }
        }
        // OpenSSL queues errors for an empty default file, although the call succeeds.
        apus_ERR_clear_error()
    }

    private func use(_ own: TLSIdentity) throws(TLSFailure) {
        guard apus_SSL_CTX_use_certificate_chain_file(pointer, own.certificatePath) == 1 else {
            throw Self.badFile(own.certificateSource, own.certificatePath, "no certificate")
        }
        guard apus_SSL_CTX_use_PrivateKey_file(pointer, own.keyPath, Int32(APUS_SSL_FILETYPE_PEM.rawValue)) == 1 else {
            throw Self.badKey(own)
        }
        guard apus_SSL_CTX_check_private_key(pointer) == 1 else { throw Self.badKey(own) }
    }

    private static func badKey(_ own: TLSIdentity) -> TLSFailure {
        let code = OpenSSL.takeError()
        // 115 is X509_R_KEY_TYPE_MISMATCH, 116 is X509_R_KEY_VALUES_MISMATCH.
        if let code, [115, 116].contains(OpenSSL.reason(code)), PEMFile.readFailure(own.keyPath) == nil {
            return .badFile(
                "the key in \(own.keySource) '\(own.keyPath)' is not that of the certificate in "
                    + "\(own.certificateSource) '\(own.certificatePath)'"
            )
        }
        return badFile(own.keySource, own.keyPath, "no private key without a password", code)
    }

    private static func badFile(_ source: String, _ path: String, _ lack: String, _ code: UInt? = nil) -> TLSFailure {
        let found = code ?? OpenSSL.takeError()
        if let reason = PEMFile.readFailure(path) { return .badFile("\(source) '\(path)' cannot be read: \(reason)") }
        return .badFile("\(source) '\(path)' holds \(lack) in PEM form (\(OpenSSL.text(found)))")
    }
}

/// The context of a server, which can be replaced while the server runs.
package final class TLSServerContext: Sendable {
    private let context: Mutex<TLSContext>

    package init(_ context: TLSContext) { self.context = Mutex(context) }

    /// The context for new connections; existing connections keep their context.
    package var current: TLSContext { context.withLock { $0 } }

    /// Sets the context for new connections; usable from any thread.
    package func replace(by new: TLSContext) { context.withLock { $0 = new } }
}
