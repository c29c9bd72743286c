/// One line of a listing.
package struct ArtifactEntry: Sendable, Equatable {
    /// Relative to the base that was asked for, so it repeats the listed folder.
    package let path: String
    package let isDirectory: Bool
    /// In bytes; 0 for folders.
    package let size: Int64

    package init(path: String, isDirectory: Bool, size: Int64) {
        self.path = path
        self.isDirectory = isDirectory
        self.size = size
    }
}
