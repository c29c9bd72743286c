internal import Dispatch
internal import Glibc

/// Where a server keeps snapshots of its data, how often it makes one, and how many it keeps.
struct SnapshotSettings: Sendable {
    let place: BackupPlace
    let every: DispatchTimeInterval
    let keep: Int

    private static let mostKept = 1_000

    /// - Returns: nil where no place is named.
    /// - Throws: `StartFailure` for values that are none, and for a place in a folder of artifacts.
    init?(_ options: SnapshotOptions, _ environment: Environment, _ layout: StorageLayout) throws(StartFailure) {
        let every = environment.setting(.snapshotEvery, options.snapshotEvery)
        let keep = environment.setting(.snapshotKeep, options.snapshotKeep)
        guard let target = environment.setting(.snapshotTo, options.snapshotTo) else {
            guard let given = every ?? keep else { return nil }
            throw StartFailure("\(given.shown) is of use with \(SettingDefinition.snapshotTo.flag) only.")
        }
        guard !target.text.isEmpty else { throw StartFailure("\(target.source) is empty; name a folder.") }
        place = try BackupPlace(target.text)
        for artifacts in [layout.artifactsPath, layout.localArtifactRootPath].compactMap({ $0 })
        where StoragePlaces.isInside(place.path, artifacts) {
            throw StartFailure("\(target.shown) lies in the folder of artifacts, which would be copied into itself.")
        }
        if let folder = layout.dataFolder, StoragePlaces.isInside(place.path, folder) {
            throw StartFailure("\(target.shown) lies in the data folder, which snapshots are to outlive.")
        }
        let time = WaitingTime(argument: every?.text ?? "60s")
        guard let time, time.duration >= .seconds(1) else {
            throw StartFailure("\(every?.shown ?? ""): use a time of 1s to 24h, such as 60s or 5m.")
        }
        self.every = .milliseconds(Int(time.duration / .milliseconds(1)))
        let count = keep.map { Int($0.text) } ?? 2
        guard let count, (1...Self.mostKept).contains(count) else {
            throw StartFailure("\(keep?.shown ?? ""): use a number from 1 to \(Self.mostKept).")
        }
        self.keep = count
    }

    /// Makes the place if it is absent, but no folder above it.
    ///
    /// A mount that is not there yet would otherwise be taken for an empty one, and hidden by what is written beneath it.
    func makePlace() throws(StartFailure) {
        guard FileKind(place.path) != .folder, mkdir(place.path, 0o700) != 0, errno != EEXIST else { return }
        let reason = String(cString: strerror(errno))
        throw StartFailure("The folder for snapshots '\(place.path)' cannot be made: \(reason). Is its disk mounted?")
    }
}
