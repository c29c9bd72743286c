import Filter
import TestSupport
import Testing
import Tracking
import TrackingStore

/// SQLite joins 64 tables at the most and bounds patterns; a search beyond that is the client's to mend.
@Suite struct SearchLimitTests {
    @Test(arguments: [(1, true), (62, true), (63, false), (200, false)])
    func `comparisons are carried out up to their bound and refused beyond`(count: Int, isLegal: Bool) throws {
        let filter = (0..<count).map {
            Comparison(entity: .parameter, key: "p\($0)", comparisonOperator: .notEqual, value: .text("v"))
        }
        try check(filter: filter, orderings: [], isLegal: isLegal)
    }

    @Test(arguments: [(1, true), (62, true), (64, false)])
    func `orderings are carried out up to their bound and refused beyond`(count: Int, isLegal: Bool) throws {
        let orderings = (0..<count).map { Ordering(entity: .metric, key: "m\($0)", ascending: true) }
        try check(filter: [], orderings: orderings, isLegal: isLegal)
    }

    @Test(arguments: [(49_000, true), (50_000, true), (50_001, false), (400_000, false)])
    func `a pattern is carried out up to its bound and refused beyond`(length: Int, isLegal: Bool) throws {
        let pattern = String(repeating: "x", count: length)
        let filter = [Comparison(entity: .tag, key: Tag.runNameKey, comparisonOperator: .like, value: .text(pattern))]
        try check(filter: filter, orderings: [], isLegal: isLegal)
    }

    @Test(arguments: [("%", 500, true), ("%", 501, false), ("x%y%", 501, false), ("", 5_000, true)])
    func `what follows a percent sign is bounded`(beginning: String, length: Int, isLegal: Bool) throws {
        let pattern = beginning + String(repeating: "x", count: length) + "%"
        let filter = [Comparison(entity: .tag, key: Tag.runNameKey, comparisonOperator: .ilike, value: .text(pattern))]
        try check(filter: filter, orderings: [], isLegal: isLegal)
    }

    private func check(filter: [Comparison], orderings: [Ordering], isLegal: Bool) throws {
        let fixture = try StoreFixture()
        for _ in 0..<3 { _ = try fixture.createRun() }
        var search = RunSearch(
            experimentIDs: [0],
            viewType: .all,
            filter: filter,
            orderings: orderings,
            maxResults: 1,
            pageToken: nil
        )
        let refusal = trackingError {
            repeat {
                let page = try fixture.read { [search] in try $0.searchRuns(search) }
                search.pageToken = page.nextPageToken
            } while search.pageToken != nil
        }
        #expect(refusal?.code == (isLegal ? nil : .invalidParameterValue), "\(refusal?.message ?? "carried out")")
    }
}
