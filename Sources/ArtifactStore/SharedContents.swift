internal import Files
internal import Glibc
internal import Synchronization

/// An index of which contents a root holds and where, so that a file that equals an existing one takes no space of its
/// own.
///
/// The index gives hints only: files are compared byte by byte before they share space, so that files which were
/// deleted, moved or changed by other programs cannot cause an error. No further copy is kept: a content is gone when
/// the last path that holds it is deleted.
package final class SharedContents: Sendable {
    /// The savings since this object was created.
    package struct Statistics: Sendable {
        package var files = 0
        /// The sizes of those files.
        package var bytes: Int64 = 0
    }

    /// Serialises uploads of equal contents, so that the second one finds the file of the first.
    private final class Turn: Sendable {
        let lock = Mutex(())
    }

    private static let rememberedContents = 4_096

    private let recent = Mutex<[[UInt8]: ArtifactPath]>([:])
    private let saved = Mutex(Statistics())
    private let turns = (0..<64).map { _ in Turn() }
    private let lookUp: @Sendable (_ sha256: [UInt8]) -> [String]

    /// - Parameter lookUp: returns paths beneath the root at which a content was once stored, the most likely first;
    ///   may block. It need not know files that were stored a moment ago.
    package init(lookUp: @escaping @Sendable (_ sha256: [UInt8]) -> [String]) {
        self.lookUp = lookUp
    }

    package var statistics: Statistics { saved.withLock { $0 } }

    /// Runs one caller at a time for a content.
    ///
    /// Callers with the same hash wait; a few other hashes share the same lock.
    func inTurn<Value: Sendable>(
        for sha256: [UInt8],
        _ body: () throws(ArtifactError) -> Value
    ) throws(ArtifactError) -> Value {
        let turn = turns[Int(sha256.first ?? 0) % turns.count]
        let result = turn.lock.withLock { _ in
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
            if recent.count >= Self.rememberedContents { recent.removeAll(keepingCapacity: true) }
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

/// Whether two open files of the same size hold the same bytes; also false when one cannot be read.
///
/// Blocks for reading both.
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
    /// Reads exactly the given number of bytes; false when there are fewer.
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
