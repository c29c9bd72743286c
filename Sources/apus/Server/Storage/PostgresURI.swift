internal import Coding
internal import PostgreSQL

/// The PostgreSQL database that `--backend-store-uri` names, in the forms that people write for MLflow: `postgresql://`,
/// `postgresql+psycopg2://` and `postgres://`.
///
/// The URI may contain a password, so no message contains the URI.
struct PostgresURI: Sendable {
    let address: PostgresAddress
    /// The flag or variable that named the database.
    let source: String

    /// - Throws: `StartFailure` for a text that is not such a URI, and for an option that libpq does not have.
    init(_ setting: Setting) throws(StartFailure) {
        source = setting.source
        do {
            address = try PostgresAddress(setting.text)
        } catch {
            throw StartFailure("\(setting.source): \(error).")
        }
        // The options are checked after the address, because in an invalid address the ? may be a part of the password.
        try Self.checkOptions(of: setting)
    }

    /// The URI that the flag or the variable gives; nil if it names a store of another kind, or none.
    static func find(_ options: StorageOptions, _ environment: Environment) throws(StartFailure) -> PostgresURI? {
        guard let setting = environment.setting(.backendStoreURI, options.backendStoreUri),
            PostgresAddress.hasScheme(setting.text)
        else { return nil }
        return try PostgresURI(setting)
    }

    /// The options of libpq that an address may have (https://www.postgresql.org/docs/current/libpq-connect.html).
    static let options: Set<String> = [
        "application_name", "channel_binding", "client_encoding", "connect_timeout", "dbname",
        "fallback_application_name", "gssdelegation", "gssencmode", "gsslib", "host", "hostaddr",
        "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval", "krbsrvname",
        "load_balance_hosts", "options", "passfile", "password", "port", "require_auth", "requirepeer",
        "service", "ssl_max_protocol_version", "ssl_min_protocol_version", "sslcert", "sslcertmode",
        "sslcompression", "sslcrl", "sslcrldir", "sslkey", "sslmode", "sslnegotiation", "sslpassword",
        "sslrootcert", "sslsni", "target_session_attrs", "tcp_user_timeout", "user",
    ]

    private static func checkOptions(of setting: Setting) throws(StartFailure) {
        guard let mark = setting.text.firstIndex(of: "?") else { return }
        var seen: Set<String> = []
        for option in setting.text[mark...].dropFirst().split(separator: "&") {
            let name = String(option.prefix { $0 != "=" })
            guard options.contains(name) else {
                guard seen.isDisjoint(with: ["password", "sslpassword"]) else {
                    throw StartFailure(
                        "\(setting.source): an option after the password is not one of libpq, PostgreSQL's client library. Write an & in "
                            + "the password as %26."
                    )
                }
                throw StartFailure(
                    "\(setting.source): libpq, PostgreSQL's client library, has no option '\(name.printable(limit: 60))'; leave it out."
                )
            }
            guard seen.insert(name).inserted else {
                throw StartFailure(
                    "\(setting.source): the option '\(name)' is given twice. For several hosts, give one list with commas: "
                        + "postgresql://USER@HOST1:5432,HOST2:5432/DATABASE."
                )
            }
        }
    }
}
