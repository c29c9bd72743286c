package import HTTPClient
internal import JSON
package import TLS

/// The address of an object store, and the settings of the requests to it.
package struct S3Settings: Sendable {
    /// Where a URL contains the name of the bucket.
    package enum Addressing: Sendable {
        case path
        case virtualHost
    }

    /// The address that the operator has named; nil if the storage is that of AWS.
    package var endpoint: HTTPURL?
    package var region: String
    package var addressing: Addressing
    package var trust: TLSTrust
    /// The header fields that are sent with each stored object.
    package var uploadFields: [(name: String, value: String)] = []
    /// The id of the AWS account that must own the bucket; nil if any account may own it.
    package var bucketOwner: String?
    /// The greatest number of times that one request is sent.
    package var attempts = 5
    /// The time after which a failed request is not repeated.
    package var retryTime = Duration.seconds(10)
    /// The longest silence of the storage in an attempt: longer with a body, which the storage may have to store first.
    package var silence = (withBody: Duration.seconds(20), withoutBody: Duration.seconds(10))
    /// The longest time for one attempt and its answer; nil if only silence ends an attempt.
    package var longestAttempt: Duration?

    /// Reads the settings from the environment and the files of profiles, as MLflow and boto3 do.
    ///
    /// - Parameter variable: returns the value of an environment variable; nil if it is unset or empty.
    /// - Throws: `.refused` for an invalid setting.
    package init(bucket: String, _ variable: (String) -> String?) throws(S3Failure) {
        let files = ProfileFiles(variable)
        let region = variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION") ?? files.setting("region") ?? "us-east-1"
        guard Self.isRegion(region) else {
            throw S3Failure(.refused, "AWS_REGION '\(region)' is not a valid region name; an example is eu-central-1.")
        }
        self.region = region
        (endpoint, addressing) = try Self.endpoint(files, bucket, variable)
        trust = try Self.trust(variable)
        bucketOwner = variable("MLFLOW_S3_EXPECTED_BUCKET_OWNER")
        uploadFields = try Self.uploadFields(variable("MLFLOW_S3_UPLOAD_EXTRA_ARGS"))
    }

    private static func endpoint(
        _ files: ProfileFiles,
        _ bucket: String,
        _ variable: (String) -> String?
    ) throws(S3Failure) -> (HTTPURL?, Addressing) {
        let style = variable("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE") ?? "auto"
        guard ["auto", "path", "virtual"].contains(style) else {
            throw S3Failure(
                .refused,
                "MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE is '\(style)'; it must be auto, path or virtual."
            )
        }
        let ignoresOthers = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?.lowercased() == "true"
        let names = ["MLFLOW_S3_ENDPOINT_URL"] + (ignoresOthers ? [] : ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
        let named = names.compactMap { name in variable(name).map { (name, $0) } }.first
        let inFile = ignoresOthers ? nil : files.setting("endpoint_url").map { ("endpoint_url of the profile", $0) }
        guard let (source, text) = named ?? inFile else {
            // The certificates of AWS are valid only for bucket names that are a single label of a host name.
            let isHostLabel = !bucket.contains(".") && bucket.lowercased() == bucket && !bucket.contains("_")
            return (nil, style == "path" || (style == "auto" && !isHostLabel) ? .path : .virtualHost)
        }
        guard let url = HTTPURL(text), !url.target.contains("?"), !text.contains("@") else {
            // A text with '@' may contain a password.
            let shown = text.contains("@") ? "contains a user name or a password" : "is '\(text)'"
            throw S3Failure(.refused, "\(source) \(shown); write it as http://HOST:PORT or https://HOST.")
        }
        return (url, style == "virtual" ? .virtualHost : .path)
    }

    private static func trust(_ variable: (String) -> String?) throws(S3Failure) -> TLSTrust {
        var trust = TLSTrust()
        switch variable("MLFLOW_S3_IGNORE_TLS")?.lowercased() {
        case nil, "false", "0": break
        case "true", "1": trust.verifies = false
        default: throw S3Failure(.refused, "MLFLOW_S3_IGNORE_TLS must be true or false.")
        }
        if let name = ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"].first(where: { variable($0) != nil }),
            let path = variable(name)
        {
            trust.authorities = .path(path, source: name)
        }
        return trust
    }

    /// Whether a text can be the name of a region, which becomes a part of a host name.
    static func isRegion(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count) && text.utf8.allSatisfy(isRegionCharacter)
    }

    private static func isRegionCharacter(_ byte: UInt8) -> Bool {
        S3Location.isBucketCharacter(byte) && byte != UInt8(ascii: ".")
    }

    /// The header field for each of boto3's arguments that this server supports.
    private static let fieldNames = [
        "ACL": "x-amz-acl", "CacheControl": "Cache-Control", "ContentDisposition": "Content-Disposition",
        "ContentEncoding": "Content-Encoding", "ContentLanguage": "Content-Language", "Expires": "Expires",
        "GrantFullControl": "x-amz-grant-full-control", "GrantRead": "x-amz-grant-read",
        "RequestPayer": "x-amz-request-payer", "SSEKMSEncryptionContext": "x-amz-server-side-encryption-context",
        "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
        "ServerSideEncryption": "x-amz-server-side-encryption", "StorageClass": "x-amz-storage-class",
        "Tagging": "x-amz-tagging",
    ]

    private static func uploadFields(_ text: String?) throws(S3Failure) -> [(name: String, value: String)] {
        guard let text else { return [] }
        guard let root = try? JSONDocument(parsing: Array(text.utf8)).root, root.kind == .object else {
            throw S3Failure(.refused, "MLFLOW_S3_UPLOAD_EXTRA_ARGS is not a JSON object.")
        }
        var fields: [(name: String, value: String)] = []
        for (key, value) in root.members {
            guard let name = fieldNames[key], let value = value.string,
                value.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
            else {
                throw S3Failure(
                    .refused,
                    "MLFLOW_S3_UPLOAD_EXTRA_ARGS has '\(key)', which is not supported or whose value is not a text; "
                        + "supported are " + fieldNames.keys.sorted().joined(separator: ", ") + "."
                )
            }
            fields.append((name, value))
        }
        return fields
    }
}
