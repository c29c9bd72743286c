/// The bytes of a quota that an unfinished upload uses; the quota gets them back when the claim is released.
package protocol StorageClaim: AnyObject, Sendable {
    /// Adds bytes that are about to be written.
    ///
    /// - Throws: `.quotaExceeded`, with nothing added.
    func grow(by bytes: Int64) throws(ArtifactError)

    /// Adds bytes that are on the disk already, even if they exceed the quota.
    func restore(_ bytes: Int64)

    /// Gives bytes that were discarded back to the quota.
    func shrink(by bytes: Int64)

    /// Gives all bytes back to the quota: the upload was aborted, or the stored artifact now counts instead of the upload.
    func release()
}
