internal import COpenSSL
package import Files
internal import Glibc
package import HTTPWire

/// The encryption of one connection over a non-blocking socket; only one thread at a time may use a session.
package final class TLSSession: @unchecked Sendable {
    // Unchecked because the owner passes the session from thread to thread, and only one thread at a time uses it.
    /// The state of the handshake.
    package enum Progress: Sendable {
        case done
        /// The handshake can continue when bytes have arrived.
        case waitsToRead
        /// The handshake can continue when the socket accepts bytes.
        case waitsToWrite
        case failed(TLSFailure)
    }

    private let ssl: OpaquePointer
    /// The descriptor of the socket; the reference keeps the socket open as long as the session exists.
    private let descriptor: Descriptor
    private let socket: UnsafeMutablePointer<apus_tls_socket>
    private let context: TLSContext
    /// The reason why the session cannot be used any more; nil if it can.
    package private(set) var failure: TLSFailure?
    /// Whether the handshake has begun.
    package private(set) var hasBegun = false
    private var isEstablished = false
    private var hasSentCloseNotify = false

    /// The longest content of one record (RFC 8446 §5.1).
    static let recordBytes = 16_384

    /// - Parameter name: the name or numeric address of the server that a client expects; nil for a server.
    /// - Throws: `.broken` if there is no memory left, or the name cannot be used.
    package init(_ context: TLSContext, _ descriptor: Descriptor, expecting name: String? = nil) throws(TLSFailure) {
        let socket = UnsafeMutablePointer<apus_tls_socket>.allocate(capacity: 1)
        socket.initialize(
            to: apus_tls_socket(
                descriptor: descriptor.rawValue,
                first_byte: -1,
                is_drained: 0,
                is_at_end: 0,
                refused: nil
            )
        )
        guard let ssl = apus_SSL_new(context.pointer) else {
            socket.deallocate()
            throw .broken("no memory is left")
        }
        guard let bio = apus_new_socket_bio(socket) else {
            apus_SSL_free(ssl)
            socket.deallocate()
            throw .broken("no memory is left")
        }
        // With one BIO for both directions, the session owns its only reference (SSL_set_bio(3)).
        apus_SSL_set_bio(ssl, bio, bio)
        self.ssl = ssl
        self.socket = socket
        self.descriptor = descriptor
        self.context = context
        if context.isServer { apus_SSL_set_accept_state(ssl) } else { apus_SSL_set_connect_state(ssl) }
        if let name { try expect(name) }
    }

    deinit {
        apus_SSL_free(ssl)
        if let refused = socket.pointee.refused { apus_X509_free(refused) }
        socket.deallocate()
    }

    /// Makes the handshake fail unless the certificate is for this name or address, and sends the name to the server.
    private func expect(_ name: String) throws(TLSFailure) {
        if NumericAddress.isValid(name) {
            // A numeric address must not be sent (RFC 6066 §3).
            let parameters = apus_SSL_get0_param(ssl)
            guard !context.verifiesPeer || apus_X509_VERIFY_PARAM_set1_ip_asc(parameters, name) == 1
            else { throw .broken("the address \(name) cannot be verified") }
            return
        }
        let text = name.hasSuffix(".") ? String(name.dropLast()) : name
        let isSet = text.withCString { pointer in
            let command = Int32(APUS_SSL_CTRL_SET_TLSEXT_HOSTNAME.rawValue)
            return apus_SSL_ctrl(ssl, command, 0, UnsafeMutableRawPointer(mutating: pointer)) == 1
        }
        apus_SSL_set_hostflags(ssl, UInt32(APUS_X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS.rawValue))
        guard isSet, !context.verifiesPeer || apus_SSL_set1_host(ssl, text) == 1 else {
            throw .broken("the name \(text) cannot be verified")
        }
    }

    /// Continues the handshake as far as possible without waiting.
    package func handshake() -> Progress {
        if let failure { return .failed(failure) }
        hasBegun = true
        apus_ERR_clear_error()
        let result = apus_SSL_do_handshake(ssl)
        if result == 1 {
            isEstablished = true
            return .done
        }
        switch apus_SSL_get_error(ssl, result) {
        case Int32(APUS_SSL_ERROR_WANT_READ.rawValue): return .waitsToRead
        case Int32(APUS_SSL_ERROR_WANT_WRITE.rawValue): return .waitsToWrite
        case let error: return .failed(fail(error))
        }
    }

    /// Reads decrypted bytes that have arrived, at most as many as the buffer holds.
    package func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        guard failure == nil else { return .failed(errno: EPROTO) }
        apus_ERR_clear_error()
        let count = apus_SSL_read(ssl, buffer.baseAddress, Int32(clamping: buffer.count))
        return count > 0 ? .bytes(Int(count)) : transfer(apus_SSL_get_error(ssl, count))
    }

    /// Encrypts and sends bytes, as many as fit into one record.
    ///
    /// After `.wouldBlock`, the next call must begin with the same bytes again; more bytes may follow them.
    package func send(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Transfer {
        if second.isEmpty || first.count >= Self.recordBytes { return send(first) }
        if first.isEmpty { return send(second) }
        // Two short buffers in one record need only one packet.
        return withUnsafeTemporaryAllocation(byteCount: Self.recordBytes, alignment: 1) { space in
            let rest = min(second.count, Self.recordBytes - first.count)
            space.copyMemory(from: first)
            UnsafeMutableRawBufferPointer(rebasing: space[first.count...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: second[..<rest]))
            return send(UnsafeRawBufferPointer(rebasing: space[..<(first.count + rest)]))
        }
    }

    private func send(_ bytes: UnsafeRawBufferPointer) -> Transfer {
        guard failure == nil else { return .failed(errno: EPROTO) }
        guard !bytes.isEmpty else { return .bytes(0) }
        apus_ERR_clear_error()
        let count = apus_SSL_write(ssl, bytes.baseAddress, Int32(min(bytes.count, Self.recordBytes)))
        return count > 0 ? .bytes(Int(count)) : transfer(apus_SSL_get_error(ssl, count))
    }

    /// Whether nothing more can be read until further bytes arrive at the socket.
    package var isDrained: Bool { socket.pointee.is_drained != 0 && apus_SSL_has_pending(ssl) == 0 }

    /// Makes every further call fail; for an owner that has sent only a part of a message and will not send the rest.
    package func invalidate() {
        if failure == nil { failure = .broken("a part was not sent") }
    }

    /// Tells the peer that no further bytes follow (close_notify, RFC 8446 §6.1), if the socket accepts this record at once.
    package func sendCloseNotify() {
        guard isEstablished, failure == nil, !hasSentCloseNotify else { return }
        hasSentCloseNotify = true
        apus_ERR_clear_error()
        _ = apus_SSL_shutdown(ssl)
        apus_ERR_clear_error()
    }

    private func transfer(_ error: Int32) -> Transfer {
        switch error {
        case Int32(APUS_SSL_ERROR_WANT_READ.rawValue), Int32(APUS_SSL_ERROR_WANT_WRITE.rawValue): return .wouldBlock
        case Int32(APUS_SSL_ERROR_ZERO_RETURN.rawValue): return .endOfFile
        default: return .failed(errno: fail(error) == .closed ? ECONNRESET : EPROTO)
        }
    }

    private func fail(_ error: Int32) -> TLSFailure {
        let found = describe(error)
        failure = found
        return found
    }

    private func describe(_ error: Int32) -> TLSFailure {
        let code = OpenSSL.takeError()
        // The first byte of a TLS record is its type: 0x16 is a handshake, 0x15 an alert.
        let first = socket.pointee.first_byte
        if !isEstablished, first >= 0, first != 0x16, first != 0x15 { return .notTLS }
        guard error == Int32(APUS_SSL_ERROR_SSL.rawValue), let code else { return .closed }
        if !isEstablished, context.verifiesPeer, let found = verificationFailure() { return found }
        switch OpenSSL.reason(code) {
        // SSL_R_UNEXPECTED_EOF_WHILE_READING
        case 294: return .closed
        // SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_WRONG_VERSION_NUMBER, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION
        case 258, 267, 1_070: return .oldVersion
        // SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED; TLS 1.2 has no such alert, and reports a failed handshake instead.
        case 1_116: return .wantsCertificate
        // Any other alert (SSL_AD_REASON_OFFSET).
        case 1_000..<1_256: return .refused(OpenSSL.text(code))
        default: return .broken(OpenSSL.text(code))
        }
    }

    /// The reason why the certificate of the peer was refused; nil if it was accepted.
    private func verificationFailure() -> TLSFailure? {
        let result = apus_SSL_get_verify_result(ssl)
        guard result != 0 else { return nil }
        let certificate = socket.pointee.refused.map { Certificate($0) }
        // The numbers are the values of X509_V_ERR_….
        switch result {
        case 9: return .notYetValid(certificate?.validFrom ?? "a later date")
        case 10: return .expired(certificate?.validUntil ?? "an earlier date")
        case 18: return .selfSigned
        case 2, 19, 20, 21: return .unknownIssuer
        case 62, 64: return .wrongName(certificate?.names ?? [])
        default:
            let text = apus_X509_verify_cert_error_string(result).map { String(cString: $0) }
            return .untrusted(text ?? "error \(result)")
        }
    }
}
