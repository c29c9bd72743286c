internal import CPostgreSQL

/// Where a database of PostgreSQL is, and who asks for it: an address as people write it for libpq and for SQLAlchemy.
///
/// What it does not say comes from the environment (`PGPASSWORD`, …), from a service file and from `~/.pgpass`, as with psql.
/// It may hold a password: it is never shown, and neither is the reason why libpq cannot read it.
package struct PostgresAddress: Sendable {
    /// For libpq.
    let uri: String

    private static let schemes = ["postgres", "postgresql"]

    /// Whether a text is meant as such an address: `postgresql://…`, `postgres://…`, or `postgresql+DRIVER://…`.
    package static func isOne(_ text: String) -> Bool { rest(of: text) != nil }

    /// - Throws: `PostgresError` with the state `.badAddress` for a text that is none.
    package init(_ text: String) throws(PostgresError) {
        guard let rest = Self.rest(of: text), Self.hasPlainParts(rest) else { throw .badAddress }
        uri = "postgresql://" + rest
    }

    /// What follows `://`; nil where the scheme is another.
    private static func rest(of text: String) -> Substring? {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return nil }
        let scheme = text[..<colon].lowercased()
        let name = scheme.prefix { $0 != "+" }
        return schemes.contains(String(name)) ? text[colon...].dropFirst(3) : nil
    }

    /// Whether user, password, host and port are told apart without doubt.
    ///
    /// A password with a bare `@` or `/` would end up in the name of a host, and so in messages.
    private static func hasPlainParts(_ text: Substring) -> Bool {
        let authority = text.prefix { $0 != "/" && $0 != "?" }
        guard !text.dropFirst(authority.count).contains("@") else { return false }
        let parts = authority.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count < 3, let hosts = parts.last else { return false }
        return hosts.split(separator: ",").allSatisfy { host in
            let afterAddress = host.hasPrefix("[") ? host.drop { $0 != "]" }.dropFirst() : host.drop { $0 != ":" }
            return afterAddress.isEmpty
                || (afterAddress.first == ":" && afterAddress.dropFirst().allSatisfy { $0.isASCII && $0.isNumber })
        }
    }

    /// Checks the address with libpq, which must be loaded: it knows all options.
    func validate() throws(PostgresError) {
        guard let options = apus_PQconninfoParse(uri, nil) else { throw .badAddress }
        apus_PQconninfoFree(options)
    }
}
