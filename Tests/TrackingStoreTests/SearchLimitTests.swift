import Filter
import TestSupport
import Testing
import Tracking
import TrackingStore

/// SQLite joins 64 tables at the most and bounds patterns; a search beyond that is the client's to mend.
@Suite struct SearchLimitTests {
    @Test(arguments: [1, 60, 64, 65, 200])
    func `many comparisons are carried out or refused as too many`(count: Int) throws {
        let filter = (0..<count).map {
            Comparison(entity: .parameter, key: "p\($0)", comparisonOperator: .notEqual, value: .text("v"))
        }
        try check(filter: filter, orderings: [], mayBeRefused: count > 60)
    }

    @Test(arguments: [1, 60, 64])
    func `many orderings are carried out or refused as too many`(count: Int) throws {
        let orderings = (0..<count).map { Ordering(entity: .metric, key: "m\($0)", ascending: true) }
        try check(filter: [], orderings: orderings, mayBeRefused: count > 60)
    }

    @Test(arguments: [49_000, 50_001, 400_000])
    func `a long pattern is carried out or refused as too long`(length: Int) throws {
        let pattern = String(repeating: "x", count: length)
        let filter = [Comparison(entity: .tag, key: Tag.runNameKey, comparisonOperator: .like, value: .text(pattern))]
        try check(filter: filter, orderings: [], mayBeRefused: length > 50_000)
    }

    @Test(arguments: [("%", 500, true), ("%", 501, false), ("x%y%", 501, false), ("", 5_000, true)])
    func `what follows a percent sign is bounded`(beginning: String, length: Int, isLegal: Bool) throws {
        let pattern = beginning + String(repeating: "x", count: length) + "%"
        let filter = [Comparison(entity: .tag, key: Tag.runNameKey, comparisonOperator: .ilike, value: .text(pattern))]
        let search = RunSearch(
            experimentIDs: [0],
            viewType: .all,
            filter: filter,
            orderings: [],
            maxResults: 1,
            pageToken: nil
        )
        let fixture = try StoreFixture()
        let found = Result { try fixture.read { try $0.searchRuns(search) } }
        switch found {
        case .success: #expect(isLegal)
        case .failure(let error): #expect(!isLegal && (error as? TrackingError)?.code == .invalidParameterValue)
        }
    }

    private func check(filter: [Comparison], orderings: [Ordering], mayBeRefused: Bool) throws {
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
        do {
            repeat {
                let page = try fixture.read { [search] in try $0.searchRuns(search) }
                search.pageToken = page.nextPageToken
            } while search.pageToken != nil
        } catch {
            #expect(mayBeRefused && (error as? TrackingError)?.code == .invalidParameterValue, "\(error)")
        }
    }
}
