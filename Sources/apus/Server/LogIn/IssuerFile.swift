internal import Coding
internal import Files
internal import Glibc
internal import HTTPClient
internal import JSON
internal import MLflowAPI
internal import OpenID
internal import Tracking

/// The file of `--oidc-config`: a JSON object with the list `issuers`.
enum IssuerFile {
    static let addressAdvice = "give its https address without a query, exactly as in the claim iss of its tokens."

    private static let maximumBytes = 1_048_576

    /// The known members; others are refused, because otherwise a requirement with a misspelled name would be ignored.
    private static let members: Set<String> = [
        "issuer", "title", "audience", "user_claim", "user_prefix", "groups_claim", "required_claims", "group_scopes",
        "client_id", "client_secret_file", "scope", "endpoint_origins", "people",
    ]

    static func issuers(_ setting: Setting) throws(StartFailure) -> [ConfiguredIssuer] {
        let bytes = try bytes(of: setting.text, setting.source)
        let root: JSONValue
        do throws(JSONError) {
            root = try JSONDocument(parsing: bytes).root
        } catch {
            throw StartFailure("\(setting.quoted) is not JSON: \(error)")
        }
        guard root.members.allSatisfy({ $0.key == "issuers" }), let list = root["issuers"], list.kind == .array,
            list.count > 0
        else { throw StartFailure("\(setting.quoted) is not a JSON object whose only member is the list 'issuers'.") }
        var issuers: [ConfiguredIssuer] = []
        for (index, entry) in list.elements.enumerated() {
            issuers.append(try Entry(entry, "Issuer \(index + 1) in \(setting.source)").issuer())
        }
        return issuers
    }

    /// A secret from a file, without the line break at its end.
    static func secret(in path: String, _ source: String) throws(StartFailure) -> String {
        var text = String(decoding: try bytes(of: path, source), as: UTF8.self)
        while text.last?.isNewline == true { text.removeLast() }
        guard !text.isEmpty, text.utf8.count <= 4_096 else {
            throw StartFailure("\(source): '\(path.printable(limit: 200))' contains no secret.")
        }
        return text
    }

    static func origins(_ texts: [String], _ source: String) throws(StartFailure) -> [HTTPOrigin] {
        var origins: [HTTPOrigin] = []
        for text in texts {
            guard let url = IssuerURL.parse(text), url.target == "/" else {
                throw StartFailure(
                    "'\(text.printable(limit: 200))' in \(source) is not an https origin, such as https://www.googleapis.com."
                )
            }
            origins.append(url.origin)
        }
        return origins
    }

    private static func bytes(of path: String, _ source: String) throws(StartFailure) -> [UInt8] {
        let shown = "\(source): '\(path.printable(limit: 200))'"
        // Without O_NONBLOCK, a pipe that nobody writes to would block the start.
        let opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard opened >= 0 else { throw StartFailure("\(shown) cannot be opened: \(String(cString: strerror(errno)))") }
        let file = Descriptor(owning: opened)
        var bytes = [UInt8](repeating: 0, count: maximumBytes + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                read(file.rawValue, $0.baseAddress?.advanced(by: count), $0.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw StartFailure("\(shown) cannot be read: \(String(cString: strerror(errno)))") }
            if got == 0 { return Array(bytes[..<count]) }
            count += got
        }
        throw StartFailure("\(shown) is longer than \(maximumBytes) bytes.")
    }

    /// One element of the list `issuers`.
    private struct Entry {
        let value: JSONValue
        let label: String

        init(_ value: JSONValue, _ label: String) throws(StartFailure) {
            guard value.kind == .object else { throw StartFailure("\(label) is not a JSON object.") }
            if let unknown = value.members.first(where: { !members.contains($0.key) })?.key {
                throw StartFailure("\(label) has the member '\(unknown.printable(limit: 100))', which is not known.")
            }
            self.value = value
            self.label = label
        }

        func issuer() throws(StartFailure) -> ConfiguredIssuer {
            guard let name = try text("issuer"), var settings = IssuerSettings(issuer: name) else {
                throw StartFailure("\(label) has no valid 'issuer': \(addressAdvice)")
            }
            settings.title = try text("title") ?? settings.title
            settings.userClaim = try text("user_claim") ?? "sub"
            settings.userPrefix = try text("user_prefix") ?? ""
            settings.groupsClaim = try text("groups_claim") ?? "groups"
            settings.requiredClaims = try pairs("required_claims") ?? []
            settings.endpointOrigins = try origins(try texts("endpoint_origins") ?? [], label)
            if let id = try text("client_id") {
                var client = IssuerSettings.Client(id: id)
                client.secret = try text("client_secret_file").map { path throws(StartFailure) in
                    try secret(in: path, label)
                }
                client.scope = try text("scope") ?? client.scope
                settings.client = client
            }
            guard let audiences = try texts("audience") ?? settings.client.map({ [$0.id] }), !audiences.isEmpty else {
                throw StartFailure("\(label) has no 'audience': a token must be for this server, not for any other.")
            }
            settings.audiences = audiences
            var scopes: GroupScopes?
            if let given = try pairs("group_scopes") {
                var read: [String: AccessScope] = [:]
                for (group, text) in given {
                    guard let scope = AccessScope(rawValue: text) else {
                        throw StartFailure(
                            "\(label): the scope of '\(group.printable(limit: 100))' is read, write or admin."
                        )
                    }
                    read[group] = scope
                }
                scopes = GroupScopes(read)
            }
            return ConfiguredIssuer(settings: settings, scopes: scopes, people: try boolean("people"))
        }

        private func text(_ name: String) throws(StartFailure) -> String? {
            guard let member = value[name] else { return nil }
            guard let text = member.string, !text.isEmpty || name == "user_prefix" else {
                throw StartFailure("\(label): '\(name)' is not a text.")
            }
            return text
        }

        private func boolean(_ name: String) throws(StartFailure) -> Bool? {
            guard let member = value[name] else { return nil }
            guard let value = member.bool else { throw StartFailure("\(label): '\(name)' is neither true nor false.") }
            return value
        }

        private func texts(_ name: String) throws(StartFailure) -> [String]? {
            guard let member = value[name] else { return nil }
            if let text = member.string { return [text] }
            let texts = member.elements.compactMap(\.string)
            guard member.kind == .array, texts.count == member.count, !texts.contains("") else {
                throw StartFailure("\(label): '\(name)' is neither a text nor a list of texts.")
            }
            return texts
        }

        private func pairs(_ name: String) throws(StartFailure) -> [(name: String, value: String)]? {
            guard let member = value[name] else { return nil }
            let pairs = member.members.compactMap { key, value in value.string.map { (name: key, value: $0) } }
            guard member.kind == .object, pairs.count == member.count else {
                throw StartFailure("\(label): '\(name)' is not an object whose values are texts.")
            }
            return pairs
        }
    }
}
