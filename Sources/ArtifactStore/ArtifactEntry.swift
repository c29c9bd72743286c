/// A file or a folder in a listing.
package struct ArtifactEntry: Sendable, Equatable {
    /// The path relative to the base of the listing, so it includes the listed folder.
    package let path: String
    package let isDirectory: Bool
    /// The size in bytes; 0 for folders.
    package let size: Int64

    package init(path: String, isDirectory: Bool, size: Int64) {
        self.path = path
        self.isDirectory = isDirectory
        self.size = size
    }
}
