import Filter
import TestSupport
import Testing
import Tracking
import TrackingStore

/// Searches are not limited by SQLite's 64 joined tables; exceeding Apus' own limits is an error of the client.
@Suite struct SearchLimitTests {
    @Test(arguments: [1, 31, 32, 63, 64, 65, 200])
    func `any number of comparisons is carried out`(count: Int) throws {
        for entity in [Entity.parameter, .tag, .metric] {
            let value: ComparisonValue = entity == .metric ? .number(0) : .text("v")
            let filter = (0..<count).map {
                Comparison(entity: entity, key: "p\($0 % 40)", comparisonOperator: .notEqual, value: value)
            }
            let fixture = try StoreFixture()
            let (fitting, other) = (try fixture.createRun(), try fixture.createRun())
            try fixture.write { session in
                for number in 0..<40 {
                    try log(number: 1, text: "w", key: "p\(number)", run: fitting, session)
                    try log(number: number, text: number == 0 ? "v" : "w", key: "p\(number)", run: other, session)
                }
            }
            #expect(try found(filter: filter, orderings: [], in: fixture) == [fitting])
        }
    }

    @Test(arguments: [1, 31, 62, 63, 100])
    func `any number of orderings is carried out, page by page`(count: Int) throws {
        for entity in [Entity.metric, .parameter, .tag] {
            let fixture = try StoreFixture()
            let runs = try (0..<3).map { _ in try fixture.createRun() }
            try fixture.write { session in
                for (number, run) in runs.enumerated() {
                    // The runs differ only in the value of the last key.
                    try log(number: number, text: "\(number)", key: "m\(count - 1)", run: run, session)
                }
            }
            let orderings = (0..<count).map { Ordering(entity: entity, key: "m\($0)", ascending: false) }
            #expect(try found(filter: [], orderings: orderings, in: fixture) == runs.reversed())
        }
    }

    private func log(number: Int, text: String, key: String, run: String, _ session: WriteSession) throws {
        try session.logMetrics([Metric(key: key, value: Double(number), timestamp: 1, step: 0)], runID: run)
        try session.logParam(Param(key: key, value: text), runID: run)
        try session.setTag(Tag(key: key, value: text), runID: run)
    }

    @Test func `what is beyond all sense is refused as too many`() throws {
        let fixture = try StoreFixture()
        let filter = (0..<6_000).map {
            Comparison(entity: .parameter, key: "p\($0)", comparisonOperator: .notEqual, value: .text("v"))
        }
        let orderings = (0..<1_000).map { Ordering(entity: .metric, key: "m\($0)", ascending: true) }
        for (filter, orderings) in [(filter, []), ([], orderings)] {
            let error = #expect(throws: TrackingError.self) {
                try found(filter: filter, orderings: orderings, in: fixture)
            }
            #expect(error?.code == .invalidParameterValue)
            #expect(error?.message.contains("more than") == true)
        }
    }

    @Test(arguments: [49_000, 50_001, 400_000])
    func `a long pattern is carried out or refused as too long`(length: Int) throws {
        let pattern = String(repeating: "x", count: length)
        let filter = [Comparison(entity: .tag, key: Tag.runNameKey, comparisonOperator: .like, value: .text(pattern))]
        let fixture = try StoreFixture()
        _ = try fixture.createRun()
        do {
            #expect(try found(filter: filter, orderings: [], in: fixture).isEmpty)
            #expect(length <= 50_000)
        } catch {
            #expect(length > 50_000 && (error as? TrackingError)?.code == .invalidParameterValue, "\(error)")
        }
    }

    /// The runs on all pages, with one run per page.
    private func found(filter: [Comparison], orderings: [Ordering], in fixture: StoreFixture) throws -> [String] {
        var search = RunSearch(
            experimentIDs: [0],
            viewType: .all,
            filter: filter,
            orderings: orderings,
            maxResults: 1,
            pageToken: nil
        )
        var runIDs: [String] = []
        repeat {
            let page = try fixture.read { [search] in try $0.searchRuns(search) }
            runIDs += page.items.map(\.info.runID)
            search.pageToken = page.nextPageToken
        } while search.pageToken != nil
        return runIDs
    }
}
