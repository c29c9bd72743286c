internal import ArtifactStore
internal import Synchronization

/// Counts what uploads to an object storage hold in memory: each collects a part before it sends it, to prove it whole.
package final class UploadMemory: Sendable {
    private let limit: Int
    private let used = Mutex(0)

    /// - Parameter limit: in bytes, for all uploads together.
    package init(limit: Int = 512 * 1_048_576) {
        self.limit = limit
    }

    /// - Throws: `.storageAway` where it is used up: the client comes again.
    func take(_ bytes: Int) throws(ArtifactError) {
        let isTaken = used.withLock { used in
            guard used + bytes <= limit else { return false }
            used += bytes
            return true
        }
        guard isTaken else {
            throw .storageAway("Too many files are being sent at once for the server's memory; try again in a moment.")
        }
    }

    func giveBack(_ bytes: Int) {
        used.withLock { $0 -= bytes }
    }
}

/// A piece of memory in which a part is collected.
final class PartBuffer: @unchecked Sendable {
    // Unchecked because a buffer belongs to one upload, which uses it under its lock.
    private let space: UnsafeMutableRawBufferPointer
    private let memory: UploadMemory
    private(set) var count = 0

    init(bytes: Int, of memory: UploadMemory) throws(ArtifactError) {
        try memory.take(bytes)
        self.memory = memory
        space = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 4_096)
    }

    deinit {
        space.deallocate()
        memory.giveBack(space.count)
    }

    var isFull: Bool { count == space.count }

    /// What was collected; valid until the buffer changes.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: space[..<count]) }

    /// Takes as many of the bytes as there is room for.
    ///
    /// - Returns: how many.
    func append(_ bytes: UnsafeRawBufferPointer) -> Int {
        let taken = min(bytes.count, space.count - count)
        guard taken > 0 else { return 0 }
        let target = UnsafeMutableRawBufferPointer(rebasing: space[count..<count + taken])
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
        count += taken
        return taken
    }

    func removeAll() {
        count = 0
    }
}
