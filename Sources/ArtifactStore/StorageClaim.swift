/// What an upload takes of a quota until it is stored; it gives everything back when it is released.
package protocol StorageClaim: AnyObject, Sendable {
    /// Takes bytes that are about to be written.
    ///
    /// - Throws: `.quotaSpent`, with nothing taken.
    func grow(by bytes: Int64) throws(ArtifactError)

    /// Takes bytes that are on the disk already, whatever the quota is.
    func restore(_ bytes: Int64)

    /// Gives back bytes that were discarded.
    func shrink(by bytes: Int64)

    /// Gives back everything: the bytes are stored and counted there, or gone.
    func release()
}
