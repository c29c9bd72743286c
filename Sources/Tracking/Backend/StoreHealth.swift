/// The result of a health check of the store.
///
/// Each optional text describes a problem of one part of the store; nil means that the part has none.
package struct StoreHealth: Sendable {
    /// The journal mode, such as `wal`.
    package var journal: String
    /// Set if the database file or its write-ahead log (WAL) is no longer at its path.
    package var files: String?
    /// Set if the disk has too little free space.
    package var disk: String?
    /// Free bytes on the disk of the database; nil if the system does not report them.
    package var freeBytes: Int64?
    /// Set if a read failed or was not answered in time.
    package var reader: String?
    /// Set if an empty write failed or was not answered in time.
    package var writer: String?

    /// Whether the files and the disk have no problem; the reader and the writer do not matter.
    package var isStorageSound: Bool { files == nil && disk == nil }
    package var isSound: Bool { isStorageSound && reader == nil && writer == nil }

    package init(journal: String) { self.journal = journal }

    /// Describes what is wrong with the result of a read or a write; nil if it succeeded.
    ///
    /// - Parameter result: nil if there was no answer in time.
    package static func problem<Value>(_ result: Result<Value, any Error>?) -> String? {
        switch result {
        case nil: "There was no answer in time."
        case .success: nil
        case .failure(let error as TrackingError): error.message
        case .failure(let error): "\(error)"
        }
    }
}
