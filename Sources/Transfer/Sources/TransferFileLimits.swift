/// Limits for the files of a source, and for the records that are made from them.
enum TransferFileLimits {
    /// The maximum number of values in one JSON document; allows a history of several million points.
    static let jsonValues = 40_000_000
    /// The maximum size of a JSON file in bytes.
    static let jsonBytes = 512 << 20
    /// The maximum number of points of a run in one record.
    static let pointsPerRecord = 5_000
    /// The maximum number of points of a logged model in one record.
    static let modelPointsPerRecord = 1_000
}
