import ArtifactStore
import Synchronization
import Testing

@Suite struct FreeSpaceTests {
    private let disk = StandInDisk()

    @Test func `what is written counts before the disk is asked again`() throws {
        let space = space(keeping: .bytes(100))
        disk.free = 1_000
        try space.count(500)
        try space.count(400)
        #expect(throws: ArtifactError.spaceKept(100)) { try space.count(1) }
        #expect(space.refusals == 1)
        #expect(disk.questions == 1)
    }

    @Test func `the disk is asked again after a second, and then it alone counts`() throws {
        let space = space(keeping: .bytes(100))
        disk.free = 1_000
        try space.count(900)
        disk.free = 300
        disk.pass(.milliseconds(999))
        #expect(throws: ArtifactError.spaceKept(100)) { try space.count(1) }
        disk.pass(.milliseconds(1))
        try space.count(200)
        #expect(throws: ArtifactError.spaceKept(100)) { try space.count(1) }
        #expect(disk.questions == 2)
    }

    @Test func `a question whether there is room counts nothing`() throws {
        let space = space(keeping: .bytes(100))
        disk.free = 1_000
        for _ in 0..<5 { try space.requireRoom(for: 900) }
        #expect(throws: ArtifactError.spaceKept(100)) { try space.requireRoom(for: 901) }
        try space.count(900)
    }

    @Test func `each change of the level is told once, and a way back only with something more`() {
        let space = space(keeping: .bytes(100))
        var levels: [FreeSpace.Level?] = []
        for free in [1_000, 201, 199, 150, 99, 90, 105, 111, 210, 221, 1_000] as [Int64] {
            disk.free = free
            disk.pass(.seconds(1))
            levels.append(space.reading?.level)
        }
        #expect(levels == [.ample, .ample, .low, .low, .spent, .spent, .spent, .low, .low, .ample, .ample])
        #expect(disk.told == [.low, .spent, .low, .ample])
    }

    @Test func `of a small disk less stays free`() throws {
        let space = space(keeping: .lesser(bytes: 500, percent: 5))
        (disk.total, disk.free) = (2_000, 150)
        #expect(space.reading?.keptBytes == 100)
        #expect(space.reading?.level == .low)
        (disk.total, disk.free) = (100_000, 50_000)
        disk.pass(.seconds(1))
        #expect(space.reading?.keptBytes == 500)
    }

    @Test func `a disk that tells nothing refuses nothing`() throws {
        let space = space(keeping: .percent(10))
        disk.free = nil
        try space.count(.max)
        #expect(space.reading == nil)
    }

    @Test func `the disk of a folder that is not there is that of the one above it`() throws {
        let here = try #require(FreeSpace.disk(of: "/tmp"))
        let missing = try #require(FreeSpace.disk(of: "/tmp/there is no such folder/nor this one"))
        #expect(here.totalBytes == missing.totalBytes)
        #expect(FreeSpace.disk(of: "no folder/at all") != nil)
    }

    @Test func `an upload that is refused leaves nothing`() throws {
        let store = try TemporaryStore()
        let space = space(keeping: .bytes(100))
        disk.free = 110
        let root = ArtifactRoot(location: store.root.location, freeSpace: space)
        #expect(throws: ArtifactError.spaceKept(100)) { try root.beginWrite(ArtifactPath("a"), length: 11) }
        let upload = try root.beginWrite(ArtifactPath("a"))
        try [UInt8](repeating: 1, count: 10).withUnsafeBytes { bytes in try upload.write(bytes) }
        #expect(throws: ArtifactError.spaceKept(100)) {
            try [UInt8](repeating: 1, count: 1).withUnsafeBytes { bytes in try upload.write(bytes) }
        }
        #expect(try root.list(.root).isEmpty)
        #expect(try root.usage().files == 0)
    }

    private func space(keeping amount: FreeSpace.Amount) -> FreeSpace {
        FreeSpace(keeping: amount, now: { disk.now }, measure: { disk.measure() }, report: { disk.tell($0.level) })
    }
}

/// A disk and a clock that a test sets.
private final class StandInDisk: Sendable {
    private struct State {
        var now = ContinuousClock.now
        var free: Int64? = 0
        var total: Int64 = 1_000_000
        var questions = 0
        var told: [FreeSpace.Level] = []
    }

    private let state = Mutex(State())

    var now: ContinuousClock.Instant { state.withLock { $0.now } }
    var questions: Int { state.withLock { $0.questions } }
    var told: [FreeSpace.Level] { state.withLock { $0.told } }

    var free: Int64? {
        get { state.withLock { $0.free } }
        set { state.withLock { $0.free = newValue } }
    }

    var total: Int64 {
        get { state.withLock { $0.total } }
        set { state.withLock { $0.total = newValue } }
    }

    func pass(_ time: Duration) { state.withLock { $0.now += time } }

    func tell(_ level: FreeSpace.Level) { state.withLock { $0.told.append(level) } }

    func measure() -> FreeSpace.Disk? {
        state.withLock { state in
            state.questions += 1
            return state.free.map { FreeSpace.Disk(freeBytes: $0, totalBytes: state.total) }
        }
    }
}
