internal import Files
internal import Glibc
internal import Synchronization

/// An index from the hash of a content to the paths that may have it, so that a new file can share the disk space of a
/// file with equal content.
///
/// Files are compared byte by byte before they share space, because an entry of the index may be outdated. The index
/// contains no bytes: a content no longer exists when the last file that has it is deleted.
package final class SharedContents: Sendable {
    /// The savings since this object was created.
    package struct Statistics: Sendable {
        /// The number of files that were stored without disk space of their own.
        package var files = 0
        /// The sizes of those files.
        package var bytes: Int64 = 0
    }

    /// A lock for uploads of equal content: the second upload waits, and then finds the file of the first one.
    private final class ContentLock: Sendable {
        let mutex = Mutex(())
    }

    private static let maximumRecentContents = 4_096

    /// The path at which this process last stored a content, by the hash of the content.
    private let recent = Mutex<[[UInt8]: ArtifactPath]>([:])
    private let saved = Mutex(Statistics())
    private let locks = (0..<64).map { _ in ContentLock() }
    private let lookUp: @Sendable (_ sha256: [UInt8]) -> [String]

    /// - Parameter lookUp: returns paths beneath the root at which a content was once stored, the most likely ones
    ///   first; it may block, and may miss files that were stored a moment ago.
    package init(lookUp: @escaping @Sendable (_ sha256: [UInt8]) -> [String]) { self.lookUp = lookUp }

    package var statistics: Statistics { saved.withLock { $0 } }

    /// Calls `body` under a lock, so that it does not run at the same time for the same hash; some different hashes have
    /// the same lock.
    func withLock<Value: Sendable>(
        for sha256: [UInt8],
        _ body: () throws(ArtifactError) -> Value
    ) throws(ArtifactError) -> Value {
        let lock = locks[Int(sha256.first ?? 0) % locks.count]
        let result = lock.mutex.withLock { _ in
            Result { () throws(ArtifactError) in try body() }
        }
        return try result.get()
    }

    /// The paths that may hold a content, without duplicates.
    func candidates(for sha256: [UInt8]) -> [ArtifactPath] {
        var paths = recent.withLock { $0[sha256] }.map { [$0] } ?? []
        for text in lookUp(sha256) {
            guard let path = try? ArtifactPath(text), !paths.contains(path) else { continue }
            paths.append(path)
        }
        return paths
    }

    func remember(_ sha256: [UInt8], at path: ArtifactPath) {
        recent.withLock { recent in
            if recent.count >= Self.maximumRecentContents { recent.removeAll(keepingCapacity: true) }
            recent[sha256] = path
        }
    }

    func countSaved(_ bytes: Int64) {
        saved.withLock { saved in
            saved.files += 1
            saved.bytes += bytes
        }
    }
}

/// Whether two open files of the same size have the same bytes; blocks for reading both.
///
/// - Returns: false also if one of them cannot be read.
func haveEqualBytes(_ left: Descriptor, _ right: Descriptor, size: Int64) -> Bool {
    let chunk = 256 * 1_024
    return withUnsafeTemporaryAllocation(byteCount: 2 * chunk, alignment: 16) { buffer in
        let halves = (
            UnsafeMutableRawBufferPointer(rebasing: buffer[..<chunk]),
            UnsafeMutableRawBufferPointer(rebasing: buffer[chunk...])
        )
        var offset: Int64 = 0
        while offset < size {
            let count = Int(min(Int64(chunk), size - offset))
            guard left.fill(halves.0, count: count, from: offset), right.fill(halves.1, count: count, from: offset),
                let leftStart = halves.0.baseAddress, let rightStart = halves.1.baseAddress,
                memcmp(leftStart, rightStart, count) == 0
            else { return false }
            offset += Int64(count)
        }
        return true
    }
}

extension Descriptor {
    /// Reads exactly this number of bytes; returns false if there are fewer.
    fileprivate func fill(_ buffer: UnsafeMutableRawBufferPointer, count: Int, from offset: Int64) -> Bool {
        var filled = 0
        while filled < count {
            let read = pread(rawValue, buffer.baseAddress?.advanced(by: filled), count - filled, off_t(offset) + filled)
            if read < 0, errno == EINTR { continue }
            guard read > 0 else { return false }
            filled += read
        }
        return true
    }
}
