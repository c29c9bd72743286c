/// The outcome of an upload.
///
/// Failures are listed here and not thrown, so that a training run can continue.
public struct UploadReport: Sendable {
    /// A file whose upload failed.
    public struct Failure: Sendable {
        /// The path that the artifact should have.
        public let path: String
        /// Why the upload of the file failed.
        public let error: MLflowError
    }

    /// The paths of the artifacts that were sent.
    public internal(set) var uploaded: [String] = []
    /// The paths of the artifacts that the server already had, with the same size and hash.
    public internal(set) var skipped: [String] = []
    /// The files that could not be sent.
    ///
    /// The same upload can be repeated and then sends only these files.
    public internal(set) var failures: [Failure] = []

    /// Whether all files are on the server.
    public var isComplete: Bool { failures.isEmpty }

    init() {}
}
