/// The reason why a request to the object storage failed.
package struct S3Failure: Error, Sendable, Equatable {
    package enum Kind: Sendable {
        /// No object has this key.
        case noObject
        /// No unfinished upload has this id.
        case noUpload
        /// The object was replaced since its metadata was read.
        case changed
        /// The credentials are missing, wrong or not sufficient; the operator of the server must change something.
        case denied
        /// The client's list of parts is wrong, or a part of it is too small.
        case wrongParts
        /// The bucket, the endpoint, the region or the request is wrong; repetition does not help.
        case refused
        /// The storage is unreachable or overloaded; the same request may succeed later.
        case unavailable
    }

    package let kind: Kind
    /// A sentence that says what to change; contains no secret.
    package let message: String
    /// Whether the storage does not know the operation.
    let isUnknownOperation: Bool

    package init(_ kind: Kind, _ message: String) { self.init(kind, message, isUnknownOperation: false) }

    init(_ kind: Kind, _ message: String, isUnknownOperation: Bool) {
        self.kind = kind
        self.message = message
        self.isUnknownOperation = isUnknownOperation
    }
}
