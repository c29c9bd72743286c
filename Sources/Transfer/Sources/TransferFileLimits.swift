/// Limits for single files and documents of a source.
enum TransferFileLimits {
    /// The most values in one JSON document, which allows a history of several million points.
    static let jsonValues = 40_000_000
    /// The largest JSON file, in bytes.
    static let jsonBytes = 512 << 20
}
