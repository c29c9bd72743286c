internal import Glibc
internal import HTTPClient
internal import HTTPWire
internal import JSON
internal import Synchronization

/// Finds the keys where boto3 finds them, and finds them again before they end.
///
/// The order: the environment, the files of profiles, the container, the metadata of the instance. Nothing is asked for
/// before the first request.
package final class CredentialSource: Sendable {
    /// Keys are replaced this many seconds before they end.
    private static let refreshSeconds: Int64 = 300
    private static let containerHosts = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"]

    private let variable: @Sendable (String) -> String?
    private let now: @Sendable () -> Int64
    private let patience: Duration
    private let known = Mutex<S3Credentials?>(nil)

    /// - Parameters:
    ///   - variable: looks a variable of the environment up; nil for an empty one.
    ///   - now: Unix seconds.
    ///   - patience: how long a container's agent, or an instance's metadata, may take for an answer.
    package init(
        now: @escaping @Sendable () -> Int64 = { Int64(time(nil)) },
        patience: Duration = .seconds(2),
        _ variable: @escaping @Sendable (String) -> String?
    ) {
        self.now = now
        self.patience = patience
        self.variable = variable
    }

    /// Keys that do not end within the next minutes; blocks while they are asked for.
    ///
    /// - Throws: `.denied` where there are none; the message says where they were looked for.
    func current() throws(S3Failure) -> S3Credentials {
        let result = known.withLock { known in
            Result { () throws(S3Failure) in
                let moment = now()
                if let known, known.expires.map({ $0 - Self.refreshSeconds > moment }) ?? true { return known }
                do throws(S3Failure) {
                    let found = try find()
                    known = found
                    return found
                } catch {
                    // Keys that still hold are better than none.
                    if let known, let expires = known.expires, expires > moment { return known }
                    throw error
                }
            }
        }
        return try result.get()
    }

    /// Has the keys found again, because the storage says that they have ended.
    func forget() {
        known.withLock { $0 = nil }
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
        if let keys = files.keys { return keys }
        for way in ["role_arn", "sso_session", "sso_start_url", "credential_process", "login_session"]
        where files.setting(way) != nil {
            throw S3Failure(
                .denied,
                "The profile '\(files.profile)' gets its keys by \(way), which this server cannot do: give it keys by "
                    + "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run it in a container or on an instance that has a role."
            )
        }
        if let keys = try ofContainer() { return keys }
        if variable("AWS_ROLE_ARN") != nil, variable("AWS_WEB_IDENTITY_TOKEN_FILE") != nil {
            throw S3Failure(
                .denied,
                "AWS_WEB_IDENTITY_TOKEN_FILE names a token for a role, which this server cannot exchange yet: use the Pod "
                    + "Identity of EKS, or keys by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            )
        }
        if let keys = try ofInstance() { return keys }
        throw S3Failure(
            .denied,
            "There are no keys for the object storage. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE with a "
                + "profile in ~/.aws/credentials, or run the server where a role is given to it."
        )
    }

    // MARK: Containers

    private func ofContainer() throws(S3Failure) -> S3Credentials? {
        let text: String
        if let path = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            text = "http://169.254.170.2" + (path.hasPrefix("/") ? path : "/" + path)
        } else if let whole = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            text = whole
        } else {
            return nil
        }
        guard let url = HTTPURL(text), Self.mayGetToken(url.origin) else {
            throw S3Failure(
                .denied,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that gives no keys to containers: it must be on this machine, or "
                    + "169.254.170.2, 169.254.170.23 or [fd00:ec2::23]."
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
        let reply = try ask(.get, url, fields, "the container's keys")
        return try Self.keys(in: reply, "The container's")
    }

    /// Whether the host may be told the container's token: a host of the container's own, or of this machine.
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

    // MARK: Instances

    /// The keys of the role that an instance has, by the second version of its metadata; nil where nobody answers.
    private func ofInstance() throws(S3Failure) -> S3Credentials? {
        if variable("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" { return nil }
        let base = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
        let root = base.hasSuffix("/") ? String(base.dropLast()) : base
        let roles = root + "/latest/meta-data/iam/security-credentials/"
        guard let tokenURL = HTTPURL(root + "/latest/api/token"), let rolesURL = HTTPURL(roles) else { return nil }
        let lifetime = [(name: "x-aws-ec2-metadata-token-ttl-seconds", value: "21600")]
        // Nobody answers where there is no instance.
        guard let token = try? ask(.put, tokenURL, lifetime, "the instance's metadata"), token.status == 200 else {
            return nil
        }
        let fields = [(name: "x-aws-ec2-metadata-token", value: String(decoding: token.body, as: UTF8.self))]
        let names = try ask(.get, rolesURL, fields, "the instance's metadata")
        guard names.status == 200,
            let role = String(decoding: names.body, as: UTF8.self).split(whereSeparator: \.isNewline).first,
            let url = HTTPURL(roles + role)
        else { return nil }
        return try Self.keys(in: ask(.get, url, fields, "the instance's metadata"), "The instance's")
    }

    // MARK: Answers

    private func ask(
        _ method: HTTPMethod,
        _ url: HTTPURL,
        _ fields: [(name: String, value: String)],
        _ subject: String
    ) throws(S3Failure) -> HTTPReply {
        do throws(CallFailure) {
            // Straight, whatever proxies there are: these hosts are on the machine.
            return try HTTPClient(url.origin).send(
                method,
                url.target,
                fields: [("Host", url.origin.hostField)] + fields,
                maximumBytes: 65_536,
                by: Deadline(after: patience)
            )
        } catch {
            throw S3Failure(.unavailable, "Who gives out \(subject) does not answer: \(error.phrase).")
        }
    }

    private static func keys(in reply: HTTPReply, _ owner: String) throws(S3Failure) -> S3Credentials {
        guard reply.status == 200, let root = try? JSONDocument(parsing: reply.body).root,
            let id = root["AccessKeyId"]?.string, let secret = root["SecretAccessKey"]?.string
        else {
            throw S3Failure(
                .denied,
                "\(owner) keys cannot be had: the answer has status \(reply.status), or no keys in it."
            )
        }
        return S3Credentials(
            accessKeyID: id,
            secretAccessKey: secret,
            sessionToken: root["Token"]?.string,
            expires: root["Expiration"]?.string.flatMap { SignedMoment.seconds($0) }
        )
    }
}
