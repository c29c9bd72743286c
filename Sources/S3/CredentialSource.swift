internal import Glibc
internal import HTTPClient
internal import HTTPWire
internal import JSON
internal import Synchronization

/// Finds credentials for the object storage in the same sources as boto3, and replaces them before they expire.
///
/// The search order is: the environment, the profile files, the agent of a container, the metadata of an instance. The
/// first request to the storage starts the search.
package final class CredentialSource: Sendable {
    /// Credentials are replaced this many seconds before they expire.
    private static let refreshSeconds: Int64 = 300
    private static let containerHosts = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"]

    private let variable: @Sendable (String) -> String?
    private let now: @Sendable () -> Int64
    private let answerTimeout: Duration
    private let state = Mutex(State())
    /// Locked by the one thread that searches for credentials.
    private let search = Mutex(())

    private struct State {
        var cached: S3Credentials?
        /// The reason why the last search found nothing.
        var failure: S3Failure?
        /// The time at which the last search ended, in Unix seconds.
        var lastSearchEnd: Int64?
    }

    /// For how many seconds the failure of a search is returned to other requests, so that requests that have waited for the
    /// search do not repeat it.
    private static let failureLifetime: Int64 = 2
    /// The seconds between two searches while the cached credentials are still valid.
    private static let searchInterval: Int64 = 10

    /// - Parameters:
    ///   - now: returns the time in Unix seconds.
    ///   - answerTimeout: the time limit for an answer of a container's agent or of an instance's metadata service.
    ///   - variable: returns the value of an environment variable; nil if it is unset or empty.
    package init(
        now: @escaping @Sendable () -> Int64 = { Int64(time(nil)) },
        answerTimeout: Duration = .seconds(2),
        _ variable: @escaping @Sendable (String) -> String?
    ) {
        self.now = now
        self.answerTimeout = answerTimeout
        self.variable = variable
    }

    /// Returns valid credentials; blocks while it searches for new ones.
    ///
    /// Only one thread at a time searches. Other threads wait for it only if the cached credentials have expired.
    ///
    /// - Throws: `.denied` if none are found; the message says where to put them. `.unavailable` if an agent does not answer.
    func current() throws(S3Failure) -> S3Credentials {
        if let cached = cachedCredentials(validFor: Self.refreshSeconds) { return cached }
        if let cached = cachedCredentials(validFor: 0) {
            if hasSearched(within: Self.searchInterval) { return cached }
            let renewed: S3Credentials?? = search.withLockIfAvailable { _ in try? credentialsAfterSearch() }
            return (renewed ?? nil) ?? cached
        }
        let result = search.withLock { _ in Result { () throws(S3Failure) in try credentialsAfterSearch() } }
        return try result.get()
    }

    /// Returns the cached credentials if they stay valid for more than the given number of seconds.
    private func cachedCredentials(validFor seconds: Int64) -> S3Credentials? {
        let moment = now()
        return state.withLock { state in
            guard let cached = state.cached, cached.expires.map({ $0 - seconds > moment }) ?? true else { return nil }
            return cached
        }
    }

    private func hasSearched(within seconds: Int64) -> Bool {
        let moment = now()
        return state.withLock { $0.lastSearchEnd.map { (0..<seconds).contains(moment - $0) } ?? false }
    }

    /// Searches for credentials, unless another thread has just finished a search.
    private func credentialsAfterSearch() throws(S3Failure) -> S3Credentials {
        let validity = hasSearched(within: Self.searchInterval) ? 0 : Self.refreshSeconds
        if let cached = cachedCredentials(validFor: validity) { return cached }
        if let failure = state.withLock({ $0.failure }), hasSearched(within: Self.failureLifetime) { throw failure }
        do throws(S3Failure) {
            let found = try find()
            let end = now()
            state.withLock { ($0.cached, $0.failure, $0.lastSearchEnd) = (found, nil, end) }
            return found
        } catch {
            let end = now()
            state.withLock { ($0.failure, $0.lastSearchEnd) = (error, end) }
            throw error
        }
    }

    /// Makes the next call of `current()` search for credentials, because the storage has answered that these have expired; does
    /// nothing if another thread has replaced them already.
    func forget(_ credentials: S3Credentials) {
        state.withLock { if $0.cached == credentials { $0.cached = nil } }
    }

    private func find() throws(S3Failure) -> S3Credentials {
        if let id = variable("AWS_ACCESS_KEY_ID") {
            guard let secret = variable("AWS_SECRET_ACCESS_KEY") else {
                throw S3Failure(.denied, "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY; set both, or none.")
            }
            return S3Credentials(
                accessKeyID: id,
                secretAccessKey: secret,
                sessionToken: variable("AWS_SESSION_TOKEN") ?? variable("AWS_SECURITY_TOKEN")
            )
        }
        let files = ProfileFiles(variable)
        if files.isNamed, !files.exists {
            throw S3Failure(
                .denied,
                "AWS_PROFILE names the profile '\(files.profile)', which neither the credentials file nor the config file has."
            )
        }
        if let found = files.profileCredentials { return found }
        for setting in ["role_arn", "sso_session", "sso_start_url", "credential_process", "login_session"]
        where files.setting(setting) != nil {
            throw S3Failure(
                .denied,
                "The profile '\(files.profile)' gets its credentials by \(setting), which this server does not support: set AWS_ACCESS_KEY_ID "
                    + "and AWS_SECRET_ACCESS_KEY, or run the server in a container or on an instance that has a role."
            )
        }
        if let found = try containerCredentials() { return found }
        if variable("AWS_ROLE_ARN") != nil, variable("AWS_WEB_IDENTITY_TOKEN_FILE") != nil {
            throw S3Failure(
                .denied,
                "AWS_WEB_IDENTITY_TOKEN_FILE names a token for a role, which this server does not support: use the Pod Identity "
                    + "of EKS, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            )
        }
        if let found = try instanceCredentials() { return found }
        throw S3Failure(
            .denied,
            "No credentials for the object storage were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE with a "
                + "profile in ~/.aws/credentials, or run the server in a container or on an instance that has a role."
        )
    }

    /// Asks the agent of the container for the credentials of the container's role; nil if the environment names no agent.
    private func containerCredentials() throws(S3Failure) -> S3Credentials? {
        let text: String
        if let path = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            text = "http://169.254.170.2" + (path.hasPrefix("/") ? path : "/" + path)
        } else if let uri = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            text = uri
        } else {
            return nil
        }
        guard let url = HTTPURL(text), Self.mayGetToken(url.origin) else {
            throw S3Failure(
                .denied,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that this server does not trust with the token of the container: "
                    + "use a loopback address, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]."
            )
        }
        var fields: [(name: String, value: String)] = []
        if let path = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            guard let token = Self.firstLine(of: path) else {
                throw S3Failure(.denied, "The file that AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names cannot be read.")
            }
            fields.append(("Authorization", token))
        } else if let token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN") {
            fields.append(("Authorization", token))
        }
        let reply = try ask(.get, url, fields, "the container's credentials")
        return try Self.credentials(in: reply, "The container's")
    }

    /// Whether the token of the container may be sent to a host: only to this machine and to the agents of AWS.
    private static func mayGetToken(_ origin: HTTPOrigin) -> Bool {
        let host = origin.host.lowercased()
        return containerHosts.contains(host) || host == "localhost" || host == "::1" || isLoopback(host)
    }

    private static func isLoopback(_ host: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, host, &address) == 1 && UInt32(bigEndian: address.s_addr) >> 24 == 127
    }

    private static func firstLine(of path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self).split(whereSeparator: \.isNewline).first.map {
            String($0)
        }
    }

    /// Asks the metadata service of the instance (IMDSv2) for the credentials of the instance's role.
    ///
    /// - Returns: nil if there is no metadata service, or the instance has no role.
    /// - Throws: `.unavailable` if there is a metadata service that does not answer.
    private func instanceCredentials() throws(S3Failure) -> S3Credentials? {
        if variable("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" { return nil }
        let base = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
        let root = base.hasSuffix("/") ? String(base.dropLast()) : base
        let roles = root + "/latest/meta-data/iam/security-credentials/"
        guard let tokenURL = HTTPURL(root + "/latest/api/token"), let rolesURL = HTTPURL(roles) else { return nil }
        let lifetime = [(name: "x-aws-ec2-metadata-token-ttl-seconds", value: "21600")]
        let token: HTTPReply
        do throws(CallFailure) {
            token = try call(.put, tokenURL, lifetime)
        } catch {
            switch error {
            // On a machine that is not an instance, there is no metadata service.
            case .unresolved, .refused, .unreachable, .timedOut(.lookingUp), .timedOut(.connecting): return nil
            default: throw Self.noAnswer(from: "the instance's metadata", error)
            }
        }
        guard token.status == 200 else { return nil }
        let fields = [(name: "x-aws-ec2-metadata-token", value: String(decoding: token.body, as: UTF8.self))]
        let names = try ask(.get, rolesURL, fields, "the instance's metadata")
        guard names.status == 200,
            let role = String(decoding: names.body, as: UTF8.self).split(whereSeparator: \.isNewline).first,
            let url = HTTPURL(roles + role)
        else { return nil }
        return try Self.credentials(in: ask(.get, url, fields, "the instance's metadata"), "The instance's")
    }

    private func ask(
        _ method: HTTPMethod,
        _ url: HTTPURL,
        _ fields: [(name: String, value: String)],
        _ subject: String
    ) throws(S3Failure) -> HTTPReply {
        do throws(CallFailure) {
            return try call(method, url, fields)
        } catch {
            throw Self.noAnswer(from: subject, error)
        }
    }

    private static func noAnswer(from subject: String, _ failure: CallFailure) -> S3Failure {
        S3Failure(.unavailable, "The service that gives out \(subject) does not answer: \(failure.phrase).")
    }

    private func call(
        _ method: HTTPMethod,
        _ url: HTTPURL,
        _ fields: [(name: String, value: String)]
    ) throws(CallFailure) -> HTTPReply {
        // The call uses no proxy, because these hosts are local to the machine.
        try HTTPClient(url.origin).send(
            method,
            url.target,
            fields: [("Host", url.origin.hostField)] + fields,
            maximumBytes: 65_536,
            by: Deadline(after: answerTimeout)
        )
    }

    private static func credentials(in reply: HTTPReply, _ owner: String) throws(S3Failure) -> S3Credentials {
        guard reply.status == 200, let root = try? JSONDocument(parsing: reply.body).root,
            let id = root["AccessKeyId"]?.string, let secret = root["SecretAccessKey"]?.string
        else {
            throw S3Failure(
                .denied,
                "\(owner) credentials cannot be used: the answer has the status \(reply.status), or contains no credentials."
            )
        }
        return S3Credentials(
            accessKeyID: id,
            secretAccessKey: secret,
            sessionToken: root["Token"]?.string,
            expires: root["Expiration"]?.string.flatMap { S3Timestamp.seconds($0) }
        )
    }
}
