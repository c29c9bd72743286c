internal import CLinux
internal import Files
internal import Glibc

/// Sends the bytes of a growing file to the disk while more bytes arrive.
///
/// Otherwise the kernel keeps the bytes in memory until the flush at the end of an upload. The disk is then busy with them for so long
/// that commits of the database wait. Even with this type, the bytes are durable only after that flush (sync_file_range(2)).
struct EarlyFlush: Sendable {
    private static let bytesAtOnce: Int64 = 256 << 10

    /// The part of the file that was sent last; everything before it is on the disk.
    private var sent: Range<Int64>

    /// - Parameter offset: the offset of the first byte that is written.
    init(from offset: Int64 = 0) { sent = offset..<offset }

    /// Sends the bytes up to an offset to the disk, once they are 256 KiB, and waits for those that were sent before.
    ///
    /// - Throws: the error of a write to the disk, because the flush at the end may not report it again. A file system that cannot send
    ///   bytes early is no error.
    mutating func didWrite(to end: Int64, of file: Descriptor) throws(ArtifactError) {
        let new = sent.upperBound..<max(end, sent.upperBound)
        guard new.upperBound - new.lowerBound >= Self.bytesAtOnce else { return }
        try synchronize(new, of: file, apus_sync_range_write)
        if !sent.isEmpty { try synchronize(sent, of: file, apus_sync_range_wait) }
        sent = new
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
