internal import CLinux
internal import Files
internal import Glibc
internal import Synchronization

/// Opens files and folders beneath a folder, never through a symbolic link.
///
/// It opens the whole path by one call of openat2(2) if the kernel has this call (Linux 5.6) and no sandbox forbids it;
/// otherwise it opens component by component with `O_NOFOLLOW`. Both ways have the same results and errors.
final class PathResolver: Sendable {
    /// The longest path of one call in bytes: PATH_MAX without the terminating NUL.
    private static let maximumBytes = 4_095

    private let usesOneCall: Atomic<Bool>

    init(usesOneCall: Bool) { self.usesOneCall = Atomic(usesOneCall) }

    /// Opens a file or folder, with `Folder.protectingFlags`.
    ///
    /// - Parameter components: at least one name, each that of an `ArtifactPath`.
    /// - Throws: `.notFound`; `.notDirectory`; `.invalidPath(.symbolicLink)` if a component is a link.
    func open(
        _ components: some BidirectionalCollection<String>,
        in folder: Folder,
        flags: Int32
    ) throws(ArtifactError) -> Descriptor {
        if let descriptor = try openAtOnce(components, in: folder, flags: flags) { return descriptor }
        var parent = folder
        for component in components.dropLast() { parent = try parent.folder(component) }
        let name = components.last ?? "."
        return flags & O_DIRECTORY == 0
            ? try parent.open(name, flags: flags) : try parent.folder(name).descriptor
    }

    /// Opens the path in one call; returns nil if it has to be opened component by component.
    private func openAtOnce(
        _ components: some Collection<String>,
        in folder: Folder,
        flags: Int32
    ) throws(ArtifactError) -> Descriptor? {
        guard usesOneCall.load(ordering: .relaxed) else { return nil }
        let path = components.joined(separator: "/")
        guard path.utf8.count <= Self.maximumBytes else { return nil }
        var how = apus_open_how()
        // With O_NOFOLLOW, the kernel may fail with ENOTDIR for a link at the end of the path.
        how.flags = UInt64((flags | Folder.protectingFlags) & ~O_NOFOLLOW)
        how.resolve = UInt64(
            apus_resolve_beneath.rawValue | apus_resolve_no_symlinks.rawValue | apus_resolve_no_magiclinks.rawValue
        )
        let (result, code) = retryingInterrupts { apus_openat2(folder.descriptor.rawValue, path, &how) }
        switch code {
        case 0: return Descriptor(owning: result)
        case ENOSYS, EPERM:
            usesOneCall.store(false, ordering: .relaxed)
            return nil
        // A folder was renamed meanwhile, or this kernel does not know a flag; opening component by component works.
        case EAGAIN, EXDEV, EINVAL, E2BIG: return nil
        default: throw ArtifactError(errno: code, call: "openat")
        }
    }
}
