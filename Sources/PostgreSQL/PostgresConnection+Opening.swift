internal import CPostgreSQL
internal import Glibc

extension PostgresConnection {
    /// How long to wait for a server that neither accepts nor refuses the connection, if `connect_timeout` is not set.
    static let defaultTimeoutSeconds = 10

    /// Tries to connect to the hosts of the address in turn, and returns the result of `use` for the first connection.
    ///
    /// If connecting or `use` fails with an error for which `PostgresError.isDisconnection` is true, the next host is tried.
    /// - Parameters:
    ///   - defaults: values of options that the address does not set.
    ///   - overrides: values of options that replace those of the address.
    ///   - use: gets libpq's connection and owns it; `use` must close the connection before it throws.
    static func open<Value>(
        _ address: PostgresAddress,
        _ applicationName: String,
        _ defaults: [(keyword: String, value: String)] = [],
        _ overrides: [(keyword: String, value: String)] = [],
        _ use: (OpaquePointer) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        try PostgresLibrary.load()
        let addressOptions = try address.options()
        // libpq uses the last value of a repeated option, so that the address can override the options before it.
        // Keepalive probes detect within a minute that the server's host no longer answers. No probes are sent while sent
        // data are unacknowledged; then `tcp_user_timeout` limits the wait, if libpq knows this option (libpq 12 and later).
        var options = [("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3")]
        if addressOptions["tcp_user_timeout"] != nil { options.append(("tcp_user_timeout", "15000")) }
        options += defaults.map { ($0.keyword, $0.value) }
        options += [
            ("fallback_application_name", applicationName), ("dbname", address.uri), ("client_encoding", "UTF8"),
        ]
        // libpq could try the hosts itself, but a first host that does not answer would use up the whole time limit.
        var failure: PostgresError?
        for attempt in attempts(addressOptions) {
            do throws(PostgresError) {
                return try use(try open(options + attempt + overrides.map { ($0.keyword, $0.value) }))
            } catch {
                guard error.isDisconnection else { throw error }
                let earlier = failure.map { $0.message + "; " } ?? ""
                failure = PostgresError(error.state, earlier + error.message)
            }
        }
        throw failure ?? .badAddress
    }

    /// Returns the options of each attempt: one attempt per host.
    private static func attempts(_ options: [String: String?]) -> [[(String, String)]] {
        func list(_ keyword: String) -> [String] {
            (options[keyword] ?? nil)?.split(separator: ",", omittingEmptySubsequences: false).map { String($0) } ?? []
        }
        let lists = ["host", "hostaddr", "port"].map { ($0, list($0)) }.filter { !$0.1.isEmpty }
        let count = lists.map(\.1.count).max() ?? 0
        // Other lists are left to libpq, which replaces an empty element by a default that the options of a single host cannot
        // express, and refuses lists of unequal length.
        let canBeSplit = lists.allSatisfy { name, list in
            !list.contains("") && (list.count == count || (name == "port" && list.count == 1))
        }
        guard count > 1, canBeSplit, lists.contains(where: { $0.0 != "port" }) else { return [[]] }
        var hosts = (0..<count).map { number in
            lists.map { name, list in (name, list.count > 1 ? list[number] : list[0]) }
        }
        if options["load_balance_hosts"] == "random" { hosts.shuffle() }
        guard options["target_session_attrs"] == "prefer-standby" else { return hosts }
        return ["standby", "any"].flatMap { kind in hosts.map { $0 + [("target_session_attrs", kind)] } }
    }

    private static func open(_ options: [(String, String)]) throws(PostgresError) -> OpaquePointer {
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

    /// Returns `connect_timeout` from the address or the environment, or the default; nil if there is no limit.
    static func timeout(_ raw: OpaquePointer) -> Duration? {
        guard let options = apus_PQconninfo(raw) else { return .seconds(defaultTimeoutSeconds) }
        defer { apus_PQconninfoFree(options) }
        var option = options
        while let keyword = option.pointee.keyword {
            if String(cString: keyword) == "connect_timeout", let value = option.pointee.val {
                let seconds = Int(String(cString: value)) ?? defaultTimeoutSeconds
                return seconds > 0 ? .seconds(seconds) : nil
            }
            option = option.advanced(by: 1)
        }
        return .seconds(defaultTimeoutSeconds)
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
                    let message = "the server does not answer; connect_timeout in the address says how long to wait"
                    throw PostgresError(.disconnected, message)
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

    /// Returns the URI of the connection without the password, for messages.
    static func displayURI(_ raw: OpaquePointer) -> String {
        func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
        let (user, host) = (text(apus_PQuser(raw)), text(apus_PQhost(raw)))
        let (port, database) = (text(apus_PQport(raw)), text(apus_PQdb(raw)))
        if host.hasPrefix("/") || host.hasPrefix("@") {
            return "postgresql://\(user)@/\(database)?host=\(host)&port=\(port)"
        }
        return "postgresql://\(user)@\(host.contains(":") ? "[\(host)]" : host):\(port)/\(database)"
    }
}
