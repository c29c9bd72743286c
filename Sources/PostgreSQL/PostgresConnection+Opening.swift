internal import CPostgreSQL
internal import Glibc

extension PostgresConnection {
    /// The seconds to wait for a server that neither accepts nor refuses the connection, if `connect_timeout` is not set.
    private static let usualTimeout = 10

    /// Connects, and returns the connection of libpq.
    static func open(_ address: PostgresAddress, _ applicationName: String) throws(PostgresError) -> OpaquePointer {
        try PostgresLibrary.load()
        try address.validate()
        // A later option overrides an earlier one, so that the address can change the options before it. The keepalive probes
        // detect after a minute that the host of the server has vanished.
        let options = [
            ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
            ("fallback_application_name", applicationName), ("dbname", address.uri), ("client_encoding", "UTF8"),
        ]
        let raw = withCStrings(options.map { $0.0 }) { keywords in
            withCStrings(options.map { $0.1 }) { values in apus_PQconnectStartParams(keywords, values, 1) }
        }
        guard let raw else { throw PostgresError(.disconnected, "no memory is left") }
        do throws(PostgresError) {
            // Only verbose messages about a connection contain the SQLSTATE.
            _ = apus_PQsetErrorVerbosity(raw, Int32(APUS_PQ_ERRORS_VERBOSE))
            // Without a receiver, libpq writes notices to the standard error.
            _ = apus_PQsetNoticeReceiver(raw, { _, _ in }, nil)
            try finishConnecting(raw)
        } catch {
            apus_PQfinish(raw)
            throw error
        }
        return raw
    }

    private static func finishConnecting(_ raw: OpaquePointer) throws(PostgresError) {
        let deadline = timeout(raw).map { ContinuousClock.now + $0 }
        var event = POLLOUT
        guard apus_PQstatus(raw) != APUS_PQ_CONNECTION_BAD else { throw failure(raw) }
        while true {
            try wait(for: event, on: raw, until: deadline)
            switch Int(apus_PQconnectPoll(raw)) {
            case Int(APUS_PQ_POLLING_OK): return
            case Int(APUS_PQ_POLLING_READING): event = POLLIN
            case Int(APUS_PQ_POLLING_WRITING): event = POLLOUT
            default: throw failure(raw)
            }
        }
    }

    private static func failure(_ raw: OpaquePointer) -> PostgresError {
        PostgresError(connecting: apus_PQerrorMessage(raw).map { String(cString: $0) } ?? "")
    }

    /// Returns the value of `connect_timeout`, wherever it is set, or the usual time; nil if there is no limit.
    private static func timeout(_ raw: OpaquePointer) -> Duration? {
        guard let options = apus_PQconninfo(raw) else { return .seconds(usualTimeout) }
        defer { apus_PQconninfoFree(options) }
        var option = options
        while let keyword = option.pointee.keyword {
            if String(cString: keyword) == "connect_timeout", let value = option.pointee.val {
                let seconds = Int(String(cString: value)) ?? usualTimeout
                return seconds > 0 ? .seconds(seconds) : nil
            }
            option = option.advanced(by: 1)
        }
        return .seconds(usualTimeout)
    }

    private static func wait(
        for event: Int32,
        on raw: OpaquePointer,
        until deadline: ContinuousClock.Instant?
    ) throws(PostgresError) {
        while true {
            var waiting = pollfd(fd: apus_PQsocket(raw), events: Int16(event), revents: 0)
            var milliseconds: Int32 = -1
            if let deadline {
                milliseconds = Int32(min((deadline - .now) / .milliseconds(1), 86_400_000))
                guard milliseconds > 0 else {
                    throw PostgresError(
                        .disconnected,
                        "the server does not answer; connect_timeout in the address says how long to wait"
                    )
                }
            }
            let count = poll(&waiting, 1, milliseconds)
            if count > 0 || (count < 0 && errno != EINTR) { return }
        }
    }

    /// Passes the strings as an array of C strings that is terminated by NULL.
    private static func withCStrings<Value>(
        _ strings: [String],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Value
    ) -> Value {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let pointers = copies.map { UnsafePointer($0) } + [nil]
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }

    /// Returns the URI of the connection for messages, which contains no password.
    static func place(_ raw: OpaquePointer) -> String {
        func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
        let (user, host) = (text(apus_PQuser(raw)), text(apus_PQhost(raw)))
        let (port, database) = (text(apus_PQport(raw)), text(apus_PQdb(raw)))
        if host.hasPrefix("/") || host.hasPrefix("@") {
            return "postgresql://\(user)@/\(database)?host=\(host)&port=\(port)"
        }
        return "postgresql://\(user)@\(host.contains(":") ? "[\(host)]" : host):\(port)/\(database)"
    }
}
