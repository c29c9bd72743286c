internal import COpenSSL
internal import Synchronization

/// The settings that many sessions share; immutable once it is made.
package final class TLSContext: @unchecked Sendable {
    // Unchecked because OpenSSL counts references of a context under a lock, and nothing else changes here.
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
        // One system call then reads a record with its head, and as many as follow.
        apus_SSL_CTX_ctrl(made, Int32(APUS_SSL_CTRL_SET_READ_AHEAD.rawValue), 1, nil)
        apus_SSL_CTX_set_options(
            made,
            UInt64(APUS_SSL_OP_NO_COMPRESSION.rawValue) | UInt64(APUS_SSL_OP_NO_RENEGOTIATION.rawValue)
        )
        apus_refuse_passwords(made)
    }

    deinit {
        apus_SSL_CTX_free(pointer)
    }

    /// The context of a client.
    package static func client(_ trust: TLSTrust) throws(TLSFailure) -> TLSContext {
        let context = try TLSContext(isServer: false, verifiesPeer: trust.verifies)
        // Without this call a client verifies nobody (SSL_CTX_set_verify(3)).
        if trust.verifies {
            apus_verify_peers(context.pointer)
            try context.load(trust.authorities)
        }
        if let own = trust.ownCertificate { try context.use(own) }
        let protocols: [UInt8] = [8] + Array("http/1.1".utf8)
        apus_SSL_CTX_set_alpn_protos(context.pointer, protocols, UInt32(protocols.count))
        return context
    }

    /// The context of a server.
    package static func server(_ own: TLSIdentity) throws(TLSFailure) -> TLSContext {
        let context = try TLSContext(isServer: true, verifiesPeer: false)
        try context.use(own)
        apus_offer_http11(context.pointer)
        // Clients resume by tickets, which take no memory here.
        apus_SSL_CTX_ctrl(context.pointer, Int32(APUS_SSL_CTRL_SET_SESS_CACHE_MODE.rawValue), 0, nil)
        // Many clients close without a last record. Requests are framed, so that a cut one is recognized all the same.
        apus_SSL_CTX_set_options(context.pointer, UInt64(APUS_SSL_OP_IGNORE_UNEXPECTED_EOF.rawValue))
        return context
    }

    /// Whether the own certificate is for this host.
    package func isFor(_ host: String) -> Bool { ownCertificate?.isFor(host) ?? false }

    /// The names and addresses that the own certificate is for.
    package var ownNames: [String] { ownCertificate?.names ?? [] }

    /// When the own certificate has ended; nil while it is valid.
    package var expiry: String? { ownCertificate.flatMap { $0.hasExpired ? $0.end : nil } }

    private var ownCertificate: Certificate? { apus_SSL_CTX_get0_certificate(pointer).map { Certificate($0) } }

    private func load(_ authorities: TLSTrust.Authorities) throws(TLSFailure) {
        switch authorities {
        case .system:
            guard apus_SSL_CTX_set_default_verify_paths(pointer) == 1 else {
                throw .badFile("the system's certificates cannot be read: \(OpenSSL.text(OpenSSL.takeError()))")
            }
        case .place(let path, let source):
            let isLoaded = PrivateFile.isFolder(path) ? apus_SSL_CTX_load_verify_dir : apus_SSL_CTX_load_verify_file
            guard isLoaded(pointer, path) == 1 else { throw Self.badFile(source, path, "no trusted certificates") }
        }
        // An empty default file leaves errors behind.
        apus_ERR_clear_error()
    }

    private func use(_ own: TLSIdentity) throws(TLSFailure) {
        guard apus_SSL_CTX_use_certificate_chain_file(pointer, own.certificatePath) == 1 else {
            throw Self.badFile(own.certificateSource, own.certificatePath, "no certificate")
        }
        guard apus_SSL_CTX_use_PrivateKey_file(pointer, own.keyPath, Int32(APUS_SSL_FILETYPE_PEM.rawValue)) == 1 else {
            throw Self.badKey(own)
        }
        guard apus_SSL_CTX_check_private_key(pointer) == 1 else {
            throw Self.badKey(own)
        }
    }

    private static func badKey(_ own: TLSIdentity) -> TLSFailure {
        let code = OpenSSL.takeError()
        // X509_R_KEY_VALUES_MISMATCH and X509_R_KEY_TYPE_MISMATCH
        if let code, [115, 116].contains(OpenSSL.reason(code)), PrivateFile.readFailure(own.keyPath) == nil {
            return .badFile(
                "the key in \(own.keySource) '\(own.keyPath)' is not that of the certificate in "
                    + "\(own.certificateSource) '\(own.certificatePath)'"
            )
        }
        return badFile(own.keySource, own.keyPath, "no private key without a password", code)
    }

    private static func badFile(_ source: String, _ path: String, _ what: String, _ code: UInt? = nil) -> TLSFailure {
        let found = code ?? OpenSSL.takeError()
        if let reason = PrivateFile.readFailure(path) {
            return .badFile("\(source) '\(path)' cannot be read: \(reason)")
        }
        return .badFile("\(source) '\(path)' holds \(what) in PEM form (\(OpenSSL.text(found)))")
    }
}

/// The context for the next connections of a server; it can be replaced while the server runs.
package final class TLSServerContext: Sendable {
    private let context: Mutex<TLSContext>

    package init(_ context: TLSContext) {
        self.context = Mutex(context)
    }

    /// What new connections use; the older ones keep what they began with.
    package var current: TLSContext { context.withLock { $0 } }

    package func replace(by new: TLSContext) { context.withLock { $0 = new } }
}
