internal import Files
internal import Glibc

/// The number of files and folders beneath a root, and the space that they take.
package struct ArtifactUsage: Sendable, Equatable {
    package var files = 0
    package var folders = 0
    /// The sizes of all files.
    package var apparentBytes: Int64 = 0
    /// The space that the files take, in blocks of the file system.
    ///
    /// Space that several files share is counted once.
    package var diskBytes: Int64 = 0
    /// The additional space that the files would take if none shared space with another.
    package var savedBytes: Int64 = 0
    /// The number of folders and files that could not be read and are not counted.
    package var unreadable = 0

    /// The usage of an empty root.
    package init() {}
}

extension ArtifactRoot {
    /// Counts the files and their space beneath a folder, including unfinished uploads.
    ///
    /// Blocks for several system calls per file. Links and devices are not counted, and links are not followed. Files that
    /// are deleted meanwhile are not counted.
    /// - Parameter path: the folder; if it does not exist, all numbers are 0.
    /// - Throws: the errors of opening the folder.
    package func usage(of path: ArtifactPath = .root) throws(ArtifactError) -> ArtifactUsage {
        var count = UsageCount()
        do {
            count.add(try folder(at: path.components), depth: path.components.count)
        } catch .notFound {
            return ArtifactUsage()
        }
        return count.usage
    }
}

private struct UsageCount {
    var usage = ArtifactUsage()
    private var inodes: Set<SpaceIdentity> = []
    private var extents: Set<SpaceIdentity> = []

    mutating func add(_ folder: Folder, depth: Int) {
        guard depth <= ArtifactPath.maximumDepth, let entries = try? folder.entries() else {
            usage.unreadable += 1
            return
        }
        for entry in entries {
            do throws(ArtifactError) {
                guard let status = try folder.status(of: entry.name) else { continue }
                switch status.kind {
                case .file: add(status, entry, of: folder)
                case .folder:
                    let below = try folder.folder(entry.name)
                    usage.folders += 1
                    add(below, depth: depth + 1)
                case .symbolicLink, .other: continue
                }
            } catch .notFound {
                continue
            } catch {
                usage.unreadable += 1
            }
        }
    }

    private mutating func add(_ status: stat, _ entry: Folder.Entry, of folder: Folder) {
        usage.files += 1
        usage.apparentBytes += Int64(status.st_size)
        // stat(2): `st_blocks` is in units of 512 bytes on every file system.
        let space = Int64(status.st_blocks) * 512
        let device = UInt64(status.st_dev)
        let isFirst =
            status.st_nlink < 2
            || inodes.insert(SpaceIdentity(device: device, location: UInt64(status.st_ino))).inserted
        guard isFirst else {
            usage.savedBytes += space
            return
        }
        let shared = min(space, sharedBytes(entry, of: folder, device: device))
        usage.diskBytes += space - shared
        usage.savedBytes += shared
    }

    /// The bytes of a file in extents that an earlier file has already counted (reflinks).
    ///
    /// An extent is identified by its first byte on the disk. The rest of an extent that was partly overwritten
    /// therefore counts as another extent.
    private mutating func sharedBytes(_ entry: Folder.Entry, of folder: Folder, device: UInt64) -> Int64 {
        guard let file = try? folder.open(entry.name, flags: O_RDONLY) else { return 0 }
        var bytes: Int64 = 0
        for extent in SharedExtents(of: file) {
            let identity = SpaceIdentity(device: device, location: extent.location)
            if !extents.insert(identity).inserted { bytes += extent.bytes }
        }
        return bytes
    }
}

/// Identifies an inode or an extent of one file system.
private struct SpaceIdentity: Hashable {
    let device: UInt64
    let location: UInt64
}

/// The extents of a file that it shares with other files; empty if the file system does not report extents.
///
/// Calls FS_IOC_FIEMAP (Documentation/filesystems/fiemap.rst of the kernel) for 64 extents at a time. The code lays out
/// the C structs by hand, because the Glibc module leaves out <linux/fiemap.h>.
private struct SharedExtents: Sequence, IteratorProtocol {
    private static let request: UInt = 0xC020_660B
    private static let headerBytes = 32
    private static let extentBytes = 56
    private static let extentsPerCall = 64
    private static let lastFlag: UInt32 = 0x1
    private static let sharedFlag: UInt32 = 0x2000

    private let file: Descriptor
    private var found: [(location: UInt64, bytes: Int64)] = []
    private var position: UInt64 = 0
    private var isComplete = false

    init(of file: Descriptor) { self.file = file }

    mutating func next() -> (location: UInt64, bytes: Int64)? {
        while found.isEmpty, !isComplete { fetch() }
        return found.popLast()
    }

    private mutating func fetch() {
        var buffer = [UInt8](repeating: 0, count: Self.headerBytes + Self.extentsPerCall * Self.extentBytes)
        let from = position
        let file = file
        let result = buffer.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: from, toByteOffset: 0, as: UInt64.self)
            bytes.storeBytes(of: UInt64.max - from, toByteOffset: 8, as: UInt64.self)
            bytes.storeBytes(of: UInt32(Self.extentsPerCall), toByteOffset: 24, as: UInt32.self)
            return bytes.baseAddress.map { ioctl(file.rawValue, Self.request, $0) } ?? -1
        }
        isComplete = true
        guard result == 0 else { return }
        buffer.withUnsafeBytes { bytes in
            let count = Int(bytes.loadUnaligned(fromByteOffset: 20, as: UInt32.self))
            for index in 0..<Swift.min(count, Self.extentsPerCall) {
                let start = Self.headerBytes + index * Self.extentBytes
                let logical = bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self)
                let physical = bytes.loadUnaligned(fromByteOffset: start + 8, as: UInt64.self)
                let length = bytes.loadUnaligned(fromByteOffset: start + 16, as: UInt64.self)
                let flags = bytes.loadUnaligned(fromByteOffset: start + 40, as: UInt32.self)
                if flags & Self.sharedFlag != 0 { found.append((physical, Int64(clamping: length))) }
                position = logical &+ length
                isComplete = flags & Self.lastFlag != 0
            }
        }
    }
}
