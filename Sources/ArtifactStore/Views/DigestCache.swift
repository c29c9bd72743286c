internal import Files
internal import Glibc
internal import Synchronization

/// A cache of the digests of file contents; a digest is valid until the status of the file, or the tag of the object in an
/// object store, changes.
///
/// The cache has two halves, called generations. When the younger one is full, it replaces the older one.
package final class DigestCache: Sendable {
    private struct Generations {
        var young: [ContentVersion: [UInt8]] = [:]
        var old: [ContentVersion: [UInt8]] = [:]
    }

    private let capacity: Int
    private let generations = Mutex(Generations())

    /// - Parameter capacity: the largest number of digests, which take about 200 bytes each.
    package init(capacity: Int = 4_096) {
        precondition(capacity >= 2, "a cache needs room for 2 digests, got \(capacity)")
        self.capacity = capacity
    }

    func digest(of version: ContentVersion) -> [UInt8]? {
        generations.withLock { generations in
            if let digest = generations.young[version] { return digest }
            guard let digest = generations.old[version] else { return nil }
            insert(digest, of: version, into: &generations)
            return digest
        }
    }

    /// Adds a digest, unless the file was changed so recently that another change could have the same time.
    func add(_ digest: [UInt8], of version: ContentVersion) {
        if case .file(let status) = version, Int64(time(nil)) - status.change.seconds < 2 { return }
        generations.withLock { insert(digest, of: version, into: &$0) }
    }

    private func insert(_ digest: [UInt8], of version: ContentVersion, into generations: inout Generations) {
        if generations.young.count >= capacity / 2 {
            generations.old = generations.young
            generations.young = [:]
        }
        generations.young[version] = digest
    }
}
