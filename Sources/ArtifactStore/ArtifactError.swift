internal import Coding

/// Why an artifact could not be named, read, written or deleted.
///
/// If a write fails, readers see nothing of it. If a deletion fails, it may have deleted some of the files.
package enum ArtifactError: Error, Sendable, Equatable {
    /// There is neither a file nor a folder at the path.
    case notFound
    /// The path is a folder, but a file is needed.
    case isDirectory
    /// A component above the end of the path is not a folder.
    case notDirectory
    /// The path breaks a rule; nothing was opened.
    case invalidPath(PathRule)
    /// The file system or its disk quota is full (ENOSPC, EDQUOT); the bytes that the upload has written are removed.
    case noSpace
    /// The disk has no room for the bytes besides the space that is kept free for the database; the value is that space.
    case spaceKept(Int64)
    /// The bytes would exceed a storage quota; the text says which quota, of whom, and what to change.
    case quotaExceeded(String)
    /// The file system is mounted read-only.
    case readOnly
    /// The user that the server runs as lacks the permission.
    case permissionDenied
    /// The name, or the whole path, is longer than the storage allows.
    case nameTooLong
    /// The file system cannot hold a name of these characters (EINVAL, EILSEQ).
    case nameNotSupported
    /// The file system cannot hold a file of this size (EFBIG).
    case fileTooLarge
    /// Other requests add files to the folder while it is deleted, or delete it while a file in it is written.
    case busy
    /// The directory of the root does not exist and cannot be made, or it is not a directory.
    case rootUnavailable
    /// The process or the machine has no descriptor left (EMFILE, ENFILE).
    case tooManyOpenFiles
    /// The server's keys for the object storage are missing, wrong or not sufficient; the value is a sentence for people.
    case storageDenies(String)
    /// The object storage refuses the request, and would refuse it again; the value is a sentence for people.
    case storageRefuses(String)
    /// The object storage is unreachable or overloaded, so the request may succeed later; the value is a sentence for people.
    case storageUnavailable(String)
    /// The server has no memory left for this upload, of which nothing was stored; the client tries again later.
    case overloaded(String)
    /// The file was replaced since it was opened.
    case replaced
    /// Any other failure, with the value of `errno` and the call that set it; for the log, not for clients.
    case other(errno: Int32, call: String)

    /// The rules of `ArtifactPath`; each case is named after what the rule forbids.
    package enum PathRule: Sendable, Equatable {
        /// The path is empty, which names the root, but a file is needed.
        case empty
        /// A leading slash.
        case absolute
        /// A `..` segment.
        case parentSegment
        /// A `.` segment.
        case currentSegment
        /// An empty segment: two slashes in a row.
        case emptySegment
        /// The character `#`, which starts a URI's fragment.
        case fragment
        /// A segment that would name a different path if it were percent-decoded again.
        case doubleEncoding
        /// A backslash by which a client on Windows would write outside of the folder to which it downloads.
        case backslash
        /// The character U+0000, which ends a name.
        case nul
        /// A segment that is a drive, or begins with `file:`.
        case driveOrScheme
        /// A component longer than 255 bytes.
        case longComponent
        /// More than `ArtifactPath.maximumBytes` bytes or `ArtifactPath.maximumDepth` components.
        case longPath
        /// A component that begins like the name of an unfinished upload.
        case reservedName
        /// A trailing slash in the path of a file to be written or deleted.
        case trailingSlash
        /// A component is a symbolic link, which is never followed.
        case symbolicLink
    }

    /// A message of one line for a client, without paths of this machine.
    ///
    /// The message is equal to that of MLflow's server where clients compare it.
    /// - Parameter path: the path that the client asked for.
    package func message(for path: String) -> String {
        switch self {
        case .notFound: "No such artifact: '\(path)'"
        case .isDirectory: "Artifact path refers to a directory, not a file: '\(path)'"
        case .notDirectory: "Artifact path has a file where a directory is needed: '\(path)'"
        case .invalidPath(.trailingSlash), .invalidPath(.empty):
            "Invalid path: Artifact path must include a filename (cannot end with '/')."
        case .invalidPath(let rule): "Invalid path" + (rule.reason.map { ": " + $0 } ?? "")
        case .noSpace: "There is no space left for artifacts on the server."
        case .spaceKept(let bytes):
            "The disk of the artifacts is nearly full: the server keeps its last \(ByteCount.text(bytes)) free (--keep-free), so "
                + "that metrics, params and tags can still be logged. Delete what is not needed, or give the disk more space."
        case .quotaExceeded(let text): text
        case .readOnly: "The artifact storage of the server is read-only."
        case .permissionDenied: "The server is not permitted to access this artifact: '\(path)'"
        case .nameTooLong:
            "Invalid path: the path, or a name in it, is longer than the storage of the server allows; use shorter names."
        case .nameNotSupported: "Invalid path: a name has characters that the file system of the server cannot hold."
        case .fileTooLarge: "The file is larger than the file system of the server can hold."
        case .busy: "Other requests are changing the folder of '\(path)'; try again when they have finished."
        case .rootUnavailable:
            "The server's folder of artifacts is missing or not a folder; check --artifacts-destination or --data-dir."
        case .tooManyOpenFiles: "The server has too many files open for this; raise its limit of open files."
        case .storageDenies(let text), .storageRefuses(let text), .storageUnavailable(let text), .overloaded(let text):
            "This server keeps artifacts in object storage. \(text)"
        case .replaced: "Other requests replaced the artifact '\(path)' while it was read; try again in a moment."
        case .other: "The artifact storage of the server failed; its log has the details."
        }
    }
}

extension ArtifactError.PathRule {
    /// Whether MLflow's server refuses such a path too, on every route.
    var isRuleOfMLflow: Bool { reason == nil }

    /// The part of the message that names the rule.
    ///
    /// The value is nil for paths that MLflow's server refuses too, because MLflow's clients compare the whole message.
    fileprivate var reason: String? {
        switch self {
        case .absolute, .parentSegment, .driveOrScheme, .fragment, .doubleEncoding: nil
        case .empty: "it must name an artifact."
        case .currentSegment: "it must not contain '.' as a segment."
        case .emptySegment: "it must not contain an empty segment ('//')."
        case .backslash:
            "a name must not begin with a backslash, or contain one that leads to another folder; use '/' between folders."
        case .nul: "it must not contain NUL."
        case .longComponent: "a name must not be longer than \(ArtifactPath.maximumComponentBytes) bytes."
        case .longPath:
            "it must not be longer than \(ArtifactPath.maximumBytes) bytes, or have more than "
                + "\(ArtifactPath.maximumDepth) segments."
        case .reservedName:
            "a name must not begin with '.apus-upload-' or '.artifact.uploading.', which mark unfinished uploads."
        case .trailingSlash: "it must not end with '/'."
        case .symbolicLink: "resolved path is outside the artifact directory, or reached through a symbolic link."
        }
    }
}
