/// The bytes of a quota that an unfinished upload uses; they are returned when the claim is released.
package protocol StorageClaim: AnyObject, Sendable {
    /// Adds bytes that are about to be written.
    ///
    /// - Throws: `.quotaExceeded`, with nothing added.
    func grow(by bytes: Int64) throws(ArtifactError)

    /// Adds bytes that are on the disk already, even if they exceed the quota.
    func restore(_ bytes: Int64)

    /// Returns bytes that were discarded.
    func shrink(by bytes: Int64)

    /// Returns all bytes: the upload was aborted, or the stored artifact now counts instead of the upload.
    func release()
}
