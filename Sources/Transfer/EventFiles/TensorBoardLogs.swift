internal import Glibc
internal import Tracking

/// A folder with TensorBoard's event files.
///
/// Each folder with event files is imported as a run, and all runs are in one experiment. A run in a subfolder of
/// another run's folder becomes a child of that run.
package struct TensorBoardLogs: RecordSource {
    /// The maximum number of folders that `recognizes` searches for an event file.
    private static let maximumSearchedFolders = 100_000
    /// The maximum number of changed names that are reported.
    private static let maximumListedNames = 20

    private let root: StoreFolder
    private let experimentName: String

    /// - Parameters:
    ///   - path: the absolute path of the folder.
    ///   - experimentName: nil to use the name of the folder.
    package init(path: String, experimentName: String?) {
        root = StoreFolder(root: path)
        self.experimentName = experimentName ?? root.name
    }

    /// Whether the folder or one of its subfolders has an event file.
    package static func recognizes(_ path: String) -> Bool {
        var level = [StoreFolder(root: path)]
        var searched = 0
        while !level.isEmpty {
            var next: [StoreFolder] = []
            for folder in level {
                searched += 1
                guard searched <= maximumSearchedFolders, let entries = try? folder.entries() else { continue }
                if entries.files.contains(where: EventFolder.isEventFile) { return true }
                next += entries.folders.map { folder.folder($0) }
            }
            level = next
        }
        return false
    }

    package var title: String { "TensorBoard event files \(root.path)" }

    package func read(_ selection: TransferSelection, _ emit: (TransferItem) throws -> Void) throws {
        let runs = try findRuns(emit)
        guard let start = runs.map(\.identity.start).min() else { return }
        let experiment = Experiment(
            id: Experiment.noID,
            name: experimentName,
            artifactLocation: "",
            lifecycleStage: .active,
            creationTime: start,
            lastUpdateTime: start
        )
        guard selection.includes(experiment) else { return }
        try emit(.record(.experiment(experiment)))
        var remarks = SourceRemarks()
        for run in runs { try read(run, selection, &remarks, emit) }
        // This is a hint and not a skipped item, because another import of the folder would not import more.
        if let counts = remarks.leftOut.message {
            try emit(.hint("Only scalars and hyperparameters are imported; left out are \(counts)."))
        }
        for (name, key) in remarks.changedNames.prefix(Self.maximumListedNames) {
            try emit(.hint("'\(name.text)' is not a legal key, or its key is in use: it was imported as '\(key)'."))
        }
        if remarks.changedNames.count > Self.maximumListedNames {
            try emit(.hint("\(remarks.changedNames.count - Self.maximumListedNames) more names were changed."))
        }
    }

    private struct FoundRun {
        let folder: EventFolder
        let identity: EventFolder.Identity
        /// The id of the run in the nearest parent folder that is a run.
        let parentRunID: String?
    }

    /// The messages about the source as a whole.
    private struct SourceRemarks {
        var leftOut = LeftOutValues()
        var changedNames: [(name: ExactText, key: String)] = []
        private var seen: Set<ExactText> = []

        mutating func add(_ events: RunEvents) {
            leftOut.add(events.leftOut)
            for change in events.changedNames where seen.insert(ExactText(change.name)).inserted {
                changedNames.append((ExactText(change.name), change.key))
            }
        }
    }

    /// Finds the runs, in the order of their paths; a run comes before the runs in its subfolders.
    private func findRuns(_ emit: (TransferItem) throws -> Void) throws -> [FoundRun] {
        var found: [FoundRun] = []
        var links: [String] = []
        var foldersToRead = [(folder: root, path: "", parentRunID: String?.none)]
        while let (folder, path, parentRunID) = foldersToRead.popLast() {
            let entries: StoreFolder.Entries
            do throws(SourceFailure) {
                entries = try folder.entries()
            } catch {
                try emit(.skipped(folder.path, error.description))
                continue
            }
            for (name, reason) in entries.others { try emit(.skipped("\(folder.path)/\(name)", reason)) }
            links += entries.links.filter { Self.leadsToEvents(folder, link: $0) }.map { "\(folder.path)/\($0)" }
            let files = entries.files.filter(EventFolder.isEventFile)
            let run = EventFolder(folder: folder, relativePath: path, files: files)
            let identity = run.identity()
            if let identity {
                found.append(FoundRun(folder: run, identity: identity, parentRunID: parentRunID))
            } else {
                // The folder has no whole event yet. If its files are damaged, `survey` reports that.
                _ = try run.survey(emit)
            }
            let (prefix, nearestRun) = (path.isEmpty ? "" : path + "/", identity?.runID ?? parentRunID)
            foldersToRead += entries.folders.reversed().map { (folder.folder($0), prefix + $0, nearestRun) }
        }
        if let first = links.first {
            try emit(.hint("Symbolic links are not followed. There are \(links.count), the first is \(first)."))
        }
        return found
    }

    /// Whether a link leads to a folder or an event file, so that the user may expect it to be imported.
    private static func leadsToEvents(_ folder: StoreFolder, link: String) -> Bool {
        var status = stat()
        guard stat("\(folder.path)/\(link)", &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFDIR || EventFolder.isEventFile(link)
    }

    private func read(
        _ run: FoundRun,
        _ selection: TransferSelection,
        _ remarks: inout SourceRemarks,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        var reports: [TransferItem] = []
        let (events, files) = try run.folder.survey { reports.append($0) }
        let path = run.folder.relativePath
        let info = RunInfo(
            runID: run.identity.runID,
            name: path.isEmpty ? root.name : path,
            experimentID: Experiment.noID,
            userID: "",
            status: events.status,
            startTime: run.identity.start,
            endTime: max(events.end ?? 0, run.identity.start),
            artifactURI: "",
            lifecycleStage: .active
        )
        guard selection.includes(info) else { return }
        for report in reports { try emit(report) }
        var transferred = Run(info: info)
        transferred.tags = [Tag(key: Tag.runNameKey, value: info.name)]
        if let id = run.parentRunID { transferred.tags.append(Tag(key: Tag.parentRunIDKey, value: id)) }
        if let group = events.group { transferred.tags.append(Tag(key: "tensorboard.group", value: group)) }
        transferred.params = events.params
        let sourceExperiment = SourceExperiment(id: Experiment.noID, name: experimentName)
        try emit(.record(.run(TransferredRun(run: transferred, experiment: sourceExperiment))))
        for remark in events.remarks { try emit(.skipped(run.folder.folder.path, remark)) }
        remarks.add(events)
        try run.folder.readPoints(of: files, runID: info.runID, emit)
    }
}
