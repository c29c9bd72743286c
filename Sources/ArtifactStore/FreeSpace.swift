internal import Glibc
internal import Synchronization

/// Keeps a part of a disk free of artifacts, so that the database on the same disk can grow.
///
/// The free space is measured at most once a second. Between two measurements, the bytes that uploads write are subtracted from
/// the free space, so that many uploads at the same time do not exceed the limit. Any thread may call the functions.
package final class FreeSpace: Sendable {
    /// How much of the disk is kept free.
    package enum Amount: Sendable, Equatable {
        case bytes(Int64)
        /// This percentage of the whole disk.
        case percent(Int)
        /// The smaller one of a number of bytes and a percentage of the whole disk.
        case lesser(bytes: Int64, percent: Int)

        func bytes(ofDisk total: Int64) -> Int64 {
            switch self {
            case .bytes(let bytes): bytes
            case .percent(let percent): total / 100 * Int64(percent)
            case .lesser(let bytes, let percent): min(bytes, total / 100 * Int64(percent))
            }
        }
    }

    /// How much of the disk is left for artifacts.
    package enum Level: String, Sendable {
        case ample
        /// The free space is less than twice the space that is kept free.
        case low
        /// The free space is less than the space that is kept free, so that artifacts are refused.
        case spent
    }

    /// The free space at one moment.
    package struct Reading: Sendable, Equatable {
        package let freeBytes: Int64
        /// The space that is kept free.
        package let keptBytes: Int64
        package let level: Level
    }

    /// The size of a disk, and the number of bytes that programs without privileges may still write to it.
    package struct Disk: Sendable {
        package let freeBytes: Int64
        package let totalBytes: Int64

        package init(freeBytes: Int64, totalBytes: Int64) {
            self.freeBytes = freeBytes
            self.totalBytes = totalBytes
        }
    }

    private struct State {
        var measurementTime: ContinuousClock.Instant?
        var disk: Disk?
        /// The bytes that uploads have written since the disk was measured.
        var written: Int64 = 0
        var level = Level.ample
        var refusals = 0
    }

    private let amount: Amount
    private let measure: @Sendable () -> Disk?
    private let now: @Sendable () -> ContinuousClock.Instant
    private let report: @Sendable (Reading) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - measure: returns the free space of the disk; nil if it is unknown, and then nothing is refused.
    ///   - report: called after each change of the level, on the thread that has noticed it.
    package init(
        keeping amount: Amount,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        measure: @escaping @Sendable () -> Disk?,
        report: @escaping @Sendable (Reading) -> Void = { _ in }
    ) {
        self.amount = amount
        self.now = now
        self.measure = measure
        self.report = report
    }

    /// Subtracts bytes that are about to be written from the measured free space.
    ///
    /// - Throws: `.spaceKept` if there is no room for the bytes besides the space that is kept free; nothing is subtracted then.
    package func count(_ bytes: Int64) throws(ArtifactError) { try check(bytes, counting: true) }

    /// Throws `.spaceKept` as `count` does, but subtracts nothing.
    package func requireRoom(for bytes: Int64) throws(ArtifactError) { try check(bytes, counting: false) }

    private func check(_ bytes: Int64, counting: Bool) throws(ArtifactError) {
        let (kept, change) = state.withLock { (state) -> (Int64?, Reading?) in
            let change = refresh(&state)
            guard let disk = state.disk else { return (nil, change) }
            let kept = amount.bytes(ofDisk: disk.totalBytes)
            guard bytes <= disk.freeBytes - state.written - kept else {
                state.refusals += 1
                return (kept, change)
            }
            if counting { state.written += bytes }
            return (nil, change)
        }
        if let change { report(change) }
        if let kept { throw .spaceKept(kept) }
    }

    /// The free space as it was less than a second ago; nil if it is unknown.
    package var reading: Reading? {
        let (reading, change) = state.withLock { (state) -> (Reading?, Reading?) in
            let change = refresh(&state)
            return (Self.reading(state, amount), change)
        }
        if let change { report(change) }
        return reading
    }

    /// How many times `.spaceKept` was thrown.
    package var refusals: Int { state.withLock { $0.refusals } }

    /// Measures the disk if the last measurement is older than a second; returns the reading if the level has changed.
    private func refresh(_ state: inout State) -> Reading? {
        let now = now()
        guard state.measurementTime.map({ now - $0 >= .seconds(1) }) ?? true else { return nil }
        state.measurementTime = now
        state.disk = measure()
        state.written = 0
        guard let reading = Self.reading(state, amount), reading.level != state.level else { return nil }
        state.level = reading.level
        return reading
    }

    private static func reading(_ state: State, _ amount: Amount) -> Reading? {
        guard let disk = state.disk else { return nil }
        let free = max(disk.freeBytes - state.written, 0)
        let kept = amount.bytes(ofDisk: disk.totalBytes)
        // The level improves only when the free space is a tenth above the bound; otherwise a disk near the bound would
        // be reported each second.
        func isBelow(_ bound: Int64, _ wasBelow: Bool) -> Bool { free < (wasBelow ? bound + bound / 10 : bound) }
        let level: Level =
            if isBelow(kept, state.level == .spent) {
                .spent
            } else if isBelow(2 * kept, state.level != .ample) {
                .low
            } else {
                .ample
            }
        return Reading(freeBytes: free, keptBytes: kept, level: level)
    }
}

extension FreeSpace {
    /// Measures the disk of a folder, or of the nearest folder above it that exists.
    package static func disk(of folder: String) -> Disk? {
        var path = folder
        while true {
            var status = statvfs()
            if statvfs(path.isEmpty ? "." : path, &status) == 0 {
                let block = UInt64(status.f_frsize)
                return Disk(
                    freeBytes: Int64(clamping: UInt64(status.f_bavail) &* block),
                    totalBytes: Int64(clamping: UInt64(status.f_blocks) &* block)
                )
            }
            guard path.count > 1, errno == ENOENT else { return nil }
            let end = path.utf8.lastIndex(of: UInt8(ascii: "/"))
            path = end.map { String(path[..<$0]) } ?? ""
            if path.isEmpty, end != nil { path = "/" }
        }
    }
}
