import Coding
import Filter
import PostgresStore
import TestSupport
import Testing
import Tracking

@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct PostgresSearchTests {
    private let store: PostgresStoreFixture

    init() throws {
        store = try PostgresStoreFixture()
    }

    private func add(_ name: String, startTime: Int64 = 0, tags: [Tag] = []) throws {
        let new = NewRun(experimentID: 0, userID: "", name: name, startTime: startTime, tags: tags)
        _ = try store.write { try $0.createRun(new) }
    }

    private func search(_ filter: String = "", order: [String] = [], size: Int = 100) throws -> RunSearch {
        RunSearch(
            experimentIDs: [0],
            viewType: .activeOnly,
            filter: try parseFilter(filter, for: .runs),
            orderings: try parseOrderBy(order, for: .runs),
            maxResults: size,
            pageToken: nil
        )
    }

    private func names(_ filter: String, order: [String] = []) throws -> [String] {
        let search = try search(filter, order: order)
        return try store.read { session in
            try session.findRuns(search).whole(in: session).map(\.info.name)
        }
    }

    @Test func `patterns have the meaning that they have in MLflow over PostgreSQL`() throws {
        for name in ["a%b", "a_b", "axb", "É", #"a\b"#] { try add(name) }
        #expect(try names(#"run_name LIKE 'a\%b'"#) == ["a%b"])
        #expect(try names(#"run_name LIKE 'a\_b'"#) == ["a_b"])
        #expect(try names(#"run_name LIKE 'a\\b'"#) == [#"a\b"#])
        #expect(try names("run_name ILIKE 'é'") == ["É"])
        #expect(try names("run_name LIKE 'é'") == [])
        let error = trackingError { _ = try names(#"run_name LIKE 'a\'"#) }
        #expect(error?.code == .invalidParameterValue && error?.message.contains("backslash") == true)
    }

    @Test func `a page token with a value of another kind is refused`() throws {
        for time in 0..<3 { try add("run \(time)", startTime: Int64(time)) }
        var search = try search(order: ["start_time"], size: 1)
        let token = try store.read { [search] in try $0.findRuns(search).nextPageToken }
        var bytes = try #require(Base64.decode(token ?? ""))
        // Behind the version and the digest of the query stands the type of the first value: an integer.
        #expect(bytes[9] == 1)
        bytes[9] = 2
        search.pageToken = Base64.encode(bytes)
        let error = trackingError { [search] in _ = try store.read { try $0.findRuns(search).count } }
        #expect(error?.code == .invalidParameterValue)
    }

    @Test func `texts are ordered by their bytes`() throws {
        for name in ["b", "B", "a", "Z", "é", "_", "10", "9"] { try add(name) }
        #expect(try names("", order: ["run_name ASC"]) == ["10", "9", "B", "Z", "_", "a", "b", "é"])
    }

    @Test func `a text with NUL is unlike every text`() throws {
        try add("a", tags: [Tag(key: "t", value: "x")])
        func found(_ comparison: Comparison) throws -> Int {
            var search = try search()
            search.filter = [comparison]
            return try store.read { [search] session in try session.findRuns(search).count }
        }
        let value = ComparisonValue.text("x\0")
        #expect(try found(Comparison(entity: .tag, key: "t", comparisonOperator: .equal, value: value)) == 0)
        #expect(try found(Comparison(entity: .tag, key: "t", comparisonOperator: .notEqual, value: value)) == 1)
        #expect(try found(Comparison(entity: .tag, key: "t", comparisonOperator: .like, value: value)) == 0)
        #expect(try found(Comparison(entity: .tag, key: "t\0", comparisonOperator: .isNull, value: .none)) == 1)
        let list = ComparisonValue.list(["a\0"])
        #expect(try found(Comparison(entity: .attribute, key: "run_id", comparisonOperator: .notIn, value: list)) == 1)
    }

    @Test(arguments: ["start_time DESC", "run_name ASC", "tags.t DESC", "metrics.m ASC", "end_time ASC"])
    func `runs that are added between pages repeat none and hide none of those before`(order: String) throws {
        for number in 0..<20 {
            try add("run \(number % 5)", startTime: Int64(number % 4), tags: [Tag(key: "t", value: "\(number % 3)")])
        }
        var page = try search(order: [order], size: 3)
        let whole = try search(order: [order])
        let expected = try store.read { session in
            try session.findRuns(whole).whole(in: session).map(\.info.runID)
        }
        var seen: [String] = []
        repeat {
            let (found, token) = try store.read { [page] session in
                let found = try session.findRuns(page)
                return (try found.whole(in: session).map(\.info.runID), found.nextPageToken)
            }
            seen += found
            page.pageToken = token
            try add("run 2", startTime: Int64(seen.count % 5), tags: [Tag(key: "t", value: "1")])
        } while page.pageToken != nil && seen.count < 200
        #expect(Set(seen).count == seen.count)
        #expect(seen.filter(Set(expected).contains) == expected)
    }

    @Test func `pages that are sorted by long texts go on behind their last run`() throws {
        let start = String(repeating: "x", count: 7_999)
        for number in [3, 0, 4, 1, 2] { try add("run \(number)", tags: [Tag(key: "t", value: start + "\(number)")]) }
        var page = try search(order: ["tags.t DESC"], size: 2)
        var seen: [[String]] = []
        repeat {
            let (found, token) = try store.read { [page] session in
                let found = try session.findRuns(page)
                return (try found.whole(in: session).map(\.info.name), found.nextPageToken)
            }
            seen.append(found)
            page.pageToken = token
        } while page.pageToken != nil && seen.count < 5
        #expect(seen == [["run 4", "run 3"], ["run 2", "run 1"], ["run 0"]])
    }

    @Test func `what belongs to a run comes in the order of the bytes of the keys`() throws {
        let keys = ["b", "B", "a", "é", "e\u{301}", "10", "9"]
        try add("run", tags: keys.map { Tag(key: $0, value: "x") })
        let found = try store.read { [search = try search()] session in
            try session.findRuns(search).whole(in: session).map(\.tags)
        }
        let shown = try #require(found.first).map(\.key).filter { !$0.hasPrefix("mlflow.") }
        #expect(shown.map { Array($0.utf8) } == ["10", "9", "B", "a", "b", "e\u{301}", "é"].map { Array($0.utf8) })
    }

    @Test func `a token of MLflow and one of another search`() throws {
        for number in 0..<5 { try add("run \(number)", startTime: Int64(number)) }
        var page = try search(size: 2)
        page.pageToken = "eyJvZmZzZXQiOiAzfQ=="
        let rest = try store.read { [page] session in
            try session.findRuns(page).whole(in: session).map(\.info.name)
        }
        #expect(rest == ["run 1", "run 0"])
        let token = try store.read { [search = try search(size: 2)] in try $0.findRuns(search).nextPageToken }
        var other = try search("tags.t = 'x'", size: 2)
        other.pageToken = token
        let error = trackingError { _ = try store.read { [other] in try $0.findRuns(other).count } }
        #expect(error?.message.contains("another query") == true)
    }
}
