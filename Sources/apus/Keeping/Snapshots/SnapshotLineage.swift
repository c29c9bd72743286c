/// The snapshots that were made of a data folder, and those that it was restored from: a file beside the database.
///
/// By it a server sees that somebody else writes to the place too, which locks do not tell where two machines share it.
struct SnapshotLineage: Sendable {
    private let path: String

    /// More than are ever kept.
    private static let longest = 2_000

    init(databasePath: String) {
        path = databasePath + ".snapshots"
    }

    /// The names of the snapshots, the oldest first.
    var names: [String] {
        // Without the file there are none: a place with snapshots is then refused.
        guard let text = try? Disk.contents(path) else { return [] }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
            .filter(BackupPlace.isName)
    }

    /// The places that have held such a snapshot.
    private var places: [String] {
        guard let text = try? Disk.contents(path) else { return [] }
        return String(decoding: text, as: UTF8.self).split(separator: "\n")
            .filter { $0.hasPrefix(Self.placeMark) }.map { String($0.dropFirst(Self.placeMark.count)) }
    }

    private static let placeMark = "place "

    /// Adds snapshots; called before they are there, so that one is known even if this process is killed after it.
    ///
    /// - Parameter place: where they are; nil as long as none is.
    func add(_ more: [String], in place: BackupPlace? = nil) throws(DiskFailure) {
        let (knownNames, knownPlaces) = (Set(names), Set(places))
        let (allNames, allPlaces) = (knownNames.union(more), knownPlaces.union(place.map { [$0.path] } ?? []))
        guard allNames != knownNames || allPlaces != knownPlaces else { return }
        let lines = allPlaces.sorted().map { Self.placeMark + $0 } + allNames.sorted().suffix(Self.longest)
        let text = lines.map { $0 + "\n" }.joined()
        try Disk.remove(path + ".new")
        try Disk.write(Array(text.utf8), to: path + ".new")
        try Disk.rename(path + ".new", to: path)
    }

    /// - Parameter held: the snapshots that a place holds.
    /// - Throws: `StartFailure` if it has held snapshots of these data, and now holds none.
    func requireKnown(_ held: [String], of place: BackupPlace) throws(StartFailure) {
        guard held.isEmpty, places.contains(place.path) else { return }
        throw StartFailure(
            "'\(place.path)' is empty, and has held snapshots of these data. Is its disk mounted? If it was emptied on "
                + "purpose, remove '\(path)'."
        )
    }

    /// - Throws: `StartFailure` if the newest snapshot of a place is of other data.
    func requireOwn(_ newest: String?, of place: BackupPlace) throws(StartFailure) {
        guard let newest, !names.contains(newest) else { return }
        throw StartFailure(
            "'\(place.path)' holds snapshots of other data, the newest is '\(newest)'. Another server may write there: give "
                + "each its own folder with --snapshot-to. To go on from that snapshot, start on an empty data folder."
        )
    }
}
