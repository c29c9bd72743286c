/// Limits for single files and documents of a source.
enum TransferFileLimits {
    /// The maximum number of values in one JSON document; allows a history of several million points.
    static let jsonValues = 40_000_000
    /// The maximum size of a JSON file in bytes.
    static let jsonBytes = 512 << 20
}
