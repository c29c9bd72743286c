/// What became of an upload; a training looks at it, and goes on.
public struct UploadReport: Sendable {
    /// A file that is not on the server.
    public struct Failure: Sendable {
        /// Where the file was to go.
        public let path: String
        /// Why it is not there.
        public let error: MLflowError
    }

    /// The paths of the artifacts that were sent.
    public internal(set) var uploaded: [String] = []
    /// The paths of the artifacts that were there already, with the same size and hash.
    public internal(set) var skipped: [String] = []
    /// What could not be sent; the upload can be repeated, and sends only that.
    public internal(set) var failures: [Failure] = []

    /// Whether all files are on the server.
    public var isComplete: Bool { failures.isEmpty }

    init() {}
}
