/// The keys with which requests are signed.
package struct S3Credentials: Sendable, Equatable {
    package let accessKeyID: String
    package let secretAccessKey: String
    /// Goes with keys that were lent for some time.
    package let sessionToken: String?
    /// When the keys end, in Unix seconds; nil for those that last.
    package let expires: Int64?

    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expires: Int64? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expires = expires
    }
}
