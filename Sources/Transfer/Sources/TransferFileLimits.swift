/// Bounds on what a source is read of at once.
enum TransferFileLimits {
    /// Values in one JSON document: a history of several million points.
    static let jsonValues = 40_000_000
    /// Bytes of one JSON file.
    static let jsonBytes = 512 << 20
}
