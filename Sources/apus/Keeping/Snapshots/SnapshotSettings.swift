internal import Dispatch
internal import Glibc

/// The folder in which a server keeps snapshots of its data, how often it makes one, and how many it keeps.
struct SnapshotSettings: Sendable {
    let backupFolder: BackupFolder
    let every: DispatchTimeInterval
    let keep: Int

    private static let mostKept = 1_000

    /// - Returns: nil if no folder for snapshots is named.
    /// - Throws: `StartFailure` for invalid values, and for a folder in the data folder or in a folder of artifacts.
    init?(_ options: SnapshotOptions, _ environment: Environment, _ layout: StorageLayout) throws(StartFailure) {
        let every = environment.setting(.snapshotEvery, options.snapshotEvery)
        let keep = environment.setting(.snapshotKeep, options.snapshotKeep)
        guard let target = environment.setting(.snapshotTo, options.snapshotTo) else {
            guard let given = every ?? keep else { return nil }
            throw StartFailure("\(given.quoted) has an effect only with \(SettingDefinition.snapshotTo.flag).")
        }
        guard !target.text.isEmpty else { throw StartFailure("\(target.source) is empty; name a folder.") }
        backupFolder = try BackupFolder(target.text)
        for artifacts in [layout.artifactsPath, layout.localArtifactRootPath].compactMap({ $0 })
        where StoragePaths.isInside(backupFolder.path, artifacts) {
            throw StartFailure("\(target.quoted) is in the folder of artifacts, which would be copied into itself.")
        }
        if let folder = layout.dataFolder, StoragePaths.isInside(backupFolder.path, folder) {
            throw StartFailure("\(target.quoted) is in the data folder, and the snapshots would be lost with it.")
        }
        let time = DurationArgument(argument: every?.text ?? "60s")
        guard let time, time.duration >= .seconds(1) else {
            throw StartFailure("\(every?.quoted ?? ""): use a time of 1s to 24h, such as 60s or 5m.")
        }
        self.every = .milliseconds(Int(time.duration / .milliseconds(1)))
        let count = keep.map { Int($0.text) } ?? 2
        guard let count, (1...Self.mostKept).contains(count) else {
            throw StartFailure("\(keep?.quoted ?? ""): use a number from 1 to \(Self.mostKept).")
        }
        self.keep = count
    }

    /// Makes the snapshot folder if it is absent, but no folder above it.
    ///
    /// If the disk is not mounted yet, a folder made below its mount point would look like an empty disk.
    func makeFolder() throws(StartFailure) {
        guard FileKind(backupFolder.path) != .folder, mkdir(backupFolder.path, 0o700) != 0, errno != EEXIST else {
            return
        }
        let reason = String(cString: strerror(errno))
        throw StartFailure(
            "The folder for snapshots '\(backupFolder.path)' cannot be made: \(reason). Is its disk mounted?"
        )
    }
}
