import Tracking
import Transfer

/// Everything that a source emits.
struct Found {
    private(set) var records: [TransferRecord] = []
    private(set) var folders: [ArtifactFolder] = []
    private(set) var files: [RemoteFile] = []
    private(set) var archivedFiles: [ArchivedFile] = []
    private(set) var skipped: [Skipped] = []
    private(set) var hints: [String] = []

    struct Skipped: Equatable {
        var place: String
        var reason: String
    }

    init(_ source: any RecordSource, _ selection: TransferSelection = TransferSelection()) throws {
        try source.read(selection) { item in
            switch item {
            case .record(let record): records.append(record)
            case .artifacts(let folder): folders.append(folder)
            case .remoteFile(let file): files.append(file)
            case .archivedFile(let file): archivedFiles.append(file)
            case .skipped(let place, let reason): skipped.append(Skipped(place: place, reason: reason))
            case .hint(let text): hints.append(text)
            }
        }
    }
}
