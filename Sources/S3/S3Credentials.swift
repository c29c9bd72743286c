/// The access key with which requests are signed.
package struct S3Credentials: Sendable, Equatable {
    package let accessKeyID: String
    package let secretAccessKey: String
    /// Sent with temporary credentials; nil for permanent ones.
    package let sessionToken: String?
    /// The time at which the credentials expire, in Unix seconds; nil for permanent ones.
    package let expires: Int64?

    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expires: Int64? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expires = expires
    }
}
