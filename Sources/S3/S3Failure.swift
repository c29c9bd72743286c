/// Why the object storage did not do what it was asked for.
package struct S3Failure: Error, Sendable, Equatable {
    package enum Kind: Sendable {
        /// There is no object of this key.
        case noObject
        /// There is no unfinished upload of this id.
        case noUpload
        /// The object has become another since it was looked at.
        case changed
        /// The keys, or what they permit: who runs the server must change something.
        case denied
        /// The bucket, the endpoint, the region or the request: who runs the server must change something.
        case refused
        /// An outage or an overload: the same request may succeed later.
        case unavailable
    }

    package let kind: Kind
    /// A sentence that says what to change; it names no key.
    package let message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}
