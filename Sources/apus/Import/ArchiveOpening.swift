internal import ArgumentParser
internal import Files
internal import Glibc
internal import HTTPWire
internal import MLflowAPI
internal import MLflowClient
internal import Tracking
internal import Transfer

/// Opens archives and data folders of Apus as sources of an import; a data folder is exported as an archive while it is read.
enum ArchiveOpening {
    private static let pieceBytes = 262_144

    /// Opens an archive that is read from the standard input.
    static func standardInput() -> ArchiveSource {
        ArchiveSource(title: "archive from the standard input") { try piece(of: STDIN_FILENO, "The standard input") }
    }

    /// Reads the first bytes of a file, by which its kind is recognized.
    static func beginning(of path: String) throws -> [UInt8] {
        let file = try readable(path)
        return try withExtendedLifetime(file) { try piece(of: file.rawValue, "'\(path)'") }
    }

    static func file(_ path: String) throws -> ArchiveSource {
        let file = try readable(path)
        return ArchiveSource(title: "archive \(path)") { try piece(of: file.rawValue, "'\(path)'") }
    }

    /// Opens a data folder; throws if a server has it open.
    ///
    /// This process owns the folder until the source is released.
    static func dataFolder(_ path: String) throws -> ArchiveSource {
        let storage = try StorageOptions.parse(["--data-dir=\(path)"])
        let folder: OpenedFolder
        switch try OpenedData.open(storage, needsArtifacts: true) {
        case .folder(let opened): folder = opened
        case .server(let server):
            throw ImportFailure(
                "A server has the data folder '\(path)' open. Import from that server instead: apus import \(server.client.uri). Or "
                    + "stop the server, and import again. Or send the data as an archive: apus export --format archive --data-dir "
                    + "'\(path)' -o - | apus import -. In each case, give apus import all options that you gave it now."
            )
        }
        let owner = OwnedFolder(folder)
        let body = try folder.api.exported(.archive, .everything)
        var hasMore = true
        return ArchiveSource(title: "data folder of Apus \(path)") {
            // The closure keeps the folder open until the source is released.
            _ = owner
            var bytes: [UInt8] = []
            while hasMore, bytes.isEmpty { hasMore = try body.next(into: &bytes) }
            return bytes
        }
    }

    private static func readable(_ path: String) throws -> Descriptor {
        let raw = open(path, O_RDONLY | O_CLOEXEC)
        guard raw >= 0 else { throw ImportFailure("'\(path)' cannot be read: \(String(cString: strerror(errno))).") }
        return Descriptor(owning: raw)
    }

    /// Reads the next bytes of a file or pipe; empty at its end.
    private static func piece(of descriptor: Int32, _ name: String) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: pieceBytes)
        while true {
            let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw ImportFailure("\(name) cannot be read: \(String(cString: strerror(errno))).")
            }
            bytes.removeLast(bytes.count - count)
            return bytes
        }
    }
}

/// Closes a folder when the source that reads it is released.
private final class OwnedFolder {
    private let folder: OpenedFolder

    init(_ folder: OpenedFolder) { self.folder = folder }

    deinit { folder.close() }
}
