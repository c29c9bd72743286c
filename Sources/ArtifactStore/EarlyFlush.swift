internal import CLinux
internal import Files
internal import Glibc
internal import Synchronization

/// Sends the bytes of a growing file to the disk while more bytes arrive.
///
/// Otherwise the kernel keeps the bytes in memory until the flush at the end of an upload. The disk is then busy with them for
/// so long that commits of the database wait. Even with this type, the bytes are durable only after that flush
/// (sync_file_range(2)).
final class EarlyFlush: Sendable {
    private static let bytesAtOnce: Int64 = 256 << 10

    /// The part of the file that was sent last; everything before it is on the disk.
    private let sent: Mutex<Range<Int64>>

    /// - Parameter offset: the offset of the first byte that is written.
    init(from offset: Int64 = 0) { sent = Mutex(offset..<offset) }

    /// Sends the bytes up to an offset to the disk, once they are 256 KiB, and waits for those that were sent before.
    ///
    /// One thread at a time may call it.
    /// - Throws: the error of a write to the disk, because the flush at the end may not report it again. A file system that
    ///   cannot send bytes early is no error.
    func didWrite(to end: Int64, of file: Descriptor) throws(ArtifactError) {
        let earlier = sent.withLock { $0 }
        guard end - earlier.upperBound >= Self.bytesAtOnce else { return }
        let new = earlier.upperBound..<end
        try synchronize(new, of: file, apus_sync_range_write)
        if !earlier.isEmpty { try synchronize(earlier, of: file, apus_sync_range_wait) }
        sent.withLock { $0 = new }
    }

    private func synchronize(
        _ range: Range<Int64>,
        of file: Descriptor,
        _ action: apus_sync_range
    ) throws(ArtifactError) {
        let (result, code) = retryingInterrupts {
            sync_file_range(file.rawValue, range.lowerBound, range.upperBound - range.lowerBound, action.rawValue)
        }
        guard result < 0, [EIO, ENOSPC, EDQUOT].contains(code) else { return }
        throw ArtifactError(errno: code, call: "sync_file_range")
    }
}
