internal import CPostgreSQL

/// The URI of a PostgreSQL database and its user, in the form that libpq or SQLAlchemy reads.
///
/// As with psql, libpq takes the parts that the URI lacks from the environment (`PGPASSWORD`, …), a service file and `~/.pgpass`.
/// The URI may contain a password. Therefore messages contain neither the URI nor libpq's reason if it cannot parse the URI.
package struct PostgresAddress: Sendable {
    /// The URI in the form that libpq accepts.
    let uri: String

    private static let schemes = ["postgres", "postgresql"]

    /// Whether a text begins like such a URI: with `postgresql://`, `postgres://` or `postgresql+DRIVER://`.
    package static func hasScheme(_ text: String) -> Bool { rest(of: text) != nil }

    /// - Throws: `PostgresError` with the state `.badAddress` for a text that is not such a URI.
    package init(_ text: String) throws(PostgresError) {
        guard let rest = Self.rest(of: text), Self.hasPlainParts(rest) else { throw .badAddress }
        uri = "postgresql://" + rest
    }

    /// Returns the text after `://`; nil if the text does not begin with a scheme of PostgreSQL.
    private static func rest(of text: String) -> Substring? {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return nil }
        let scheme = text[..<colon].lowercased()
        let name = scheme.prefix { $0 != "+" }
        return schemes.contains(String(name)) ? text[colon...].dropFirst(3) : nil
    }

    /// Whether the user, the password, the host and the port can be told apart.
    ///
    /// Otherwise, libpq might read a part of a password with an unescaped `@` or `/` as the host, and show that part in a
    /// message.
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

    /// Returns all options that libpq knows, with the values that the URI sets; libpq must be loaded.
    func options() throws(PostgresError) -> [String: String?] {
        guard let options = apus_PQconninfoParse(uri, nil) else { throw .badAddress }
        defer { apus_PQconninfoFree(options) }
        var found: [String: String?] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            found.updateValue(option.pointee.val.map { String(cString: $0) }, forKey: String(cString: keyword))
            option = option.advanced(by: 1)
        }
        return found
    }
}
