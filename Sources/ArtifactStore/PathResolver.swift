internal import CLinux
internal import Files
internal import Glibc
internal import Synchronization

/// Opens files and folders beneath a folder, never through a symbolic link.
///
/// Uses one openat2(2) call for the whole path where the kernel has it (Linux 5.6) and no sandbox forbids it.
/// Otherwise, and after the first refusal, it opens component by component with `O_NOFOLLOW`. Both ways give the same
/// results and errors.
final class PathResolver: Sendable {
    /// The longest path of one call: PATH_MAX, including the closing zero.
    private static let maximumBytes = 4_095

    private let usesOneCall: Atomic<Bool>

    init(usesOneCall: Bool) {
        self.usesOneCall = Atomic(usesOneCall)
    }

    /// Opens a file or folder; no device, pipe or terminal can block or take over the process.
    ///
    /// - Parameter components: at least one name, each that of an `ArtifactPath`.
    /// - Throws: `.notFound`; `.notDirectory`; `.invalidPath(.symbolicLink)` where a component is a link.
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

    /// Opens the path in one call; nil where it has to be opened component by component.
    private func openAtOnce(
        _ components: some Collection<String>,
        in folder: Folder,
        flags: Int32
    ) throws(ArtifactError) -> Descriptor? {
        guard usesOneCall.load(ordering: .relaxed) else { return nil }
        let path = components.joined(separator: "/")
        guard path.utf8.count <= Self.maximumBytes else { return nil }
        var how = apus_open_how()
        // Without O_NOFOLLOW: with this flag the kernel may report a link at the end of the path as no directory.
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
        // A rename happened meanwhile, or this kernel treats the call differently; opening component by component
        // gives the right answer.
        case EAGAIN, EXDEV, EINVAL, E2BIG: return nil
        default: throw ArtifactError(errno: code, call: "openat")
        }
    }
}
