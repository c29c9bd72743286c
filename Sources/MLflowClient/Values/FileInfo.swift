internal import JSON

/// A file or folder among the artifacts of a run or model.
public struct FileInfo: Sendable, Hashable {
    /// The path relative to the artifacts of the run or model.
    public let path: String
    /// Whether it is a folder.
    public let isDirectory: Bool
    /// The size in bytes; nil for a folder, and if the server does not say.
    public let fileSize: Int64?

    init(_ value: JSONValue) throws(MLflowError) {
        path = value.text("path")
        isDirectory = value["is_dir"]?.bool ?? false
        fileSize = value.integer("file_size")
    }
}
