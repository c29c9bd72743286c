internal import ArtifactStore
internal import Synchronization

/// Limits the memory of uploads to an object storage, each of which collects a part before it signs and sends it.
package final class UploadMemory: Sendable {
    private let limit: Int
    private let used = Mutex(0)

    /// - Parameter limit: the bytes that all uploads together may hold.
    package init(limit: Int = 512 * 1_048_576) {
        self.limit = limit
    }

    /// Counts memory that an upload is about to allocate.
    ///
    /// - Throws: `.storageAway` if the limit would be exceeded; the client tries again later.
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

    /// Counts memory that an upload has freed.
    func giveBack(_ bytes: Int) {
        used.withLock { $0 -= bytes }
    }
}

/// The memory in which an upload collects a part.
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

    /// The collected bytes; valid until the buffer changes.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: space[..<count]) }

    /// Copies as many of the bytes as fit into the buffer.
    ///
    /// - Returns: the number of bytes that were copied.
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
