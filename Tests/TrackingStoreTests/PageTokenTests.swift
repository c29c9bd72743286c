import Filter
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct PageTokenTests {
    private static let bad = [
        "!!!", "a b", "abc", "=", "====", "bm90aGluZw==", "e30=", "W10=", "NQ==", "oQ==", "oQ", "oQAAAAAAAAAA",
        // {"offset": 0}, {"offset": "a"}, {"offset": 1.5} and a number beyond 64 bits.
        "eyJvZmZzZXQiOiAwfQ==", "eyJvZmZzZXQiOiAiYSJ9", "eyJvZmZzZXQiOiAxLjV9",
        "eyJvZmZzZXQiOiA5OTk5OTk5OTk5OTk5OTk5OTk5OX0=", "é", "\u{0}",
    ]

    @Test(arguments: bad)
    func `a token that nobody made is refused everywhere`(token: String) throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        try fixture.log([1, 2], key: "m", runID: runID)
        let runs = runSearch(token: token)
        let experiments = experimentSearch(token: token)
        let history = MetricHistory(runID: runID, key: "m")
        let errors = [
            trackingError { _ = try fixture.read { try $0.searchRuns(runs) } },
            trackingError { _ = try fixture.read { try $0.searchExperiments(experiments) } },
            trackingError { _ = try fixture.read { try $0.metricHistory(history, pageToken: token, limit: 1) } },
        ]
        for error in errors {
            #expect(error?.code == .invalidParameterValue)
            #expect(error?.message.hasPrefix("Invalid page token") == true)
        }
    }

    @Test func `a token of another query is refused`() throws {
        let fixture = try StoreFixture()
        let runIDs = try (0..<3).map { _ in try fixture.createRun() }
        for runID in runIDs { try fixture.log([1, 2, 3], key: "m", runID: runID) }
        let first = try fixture.read { [search = runSearch()] in try $0.searchRuns(search) }
        let token = try #require(first.nextPageToken)
        let filter = [Comparison(entity: .attribute, key: "user_id", comparisonOperator: .equal, value: .text(""))]
        let descending = [Ordering(entity: .attribute, key: "run_id", ascending: false)]
        var others = [
            runSearch(token: token), runSearch(token: token), runSearch(token: token), runSearch(token: token),
        ]
        others[0].filter = filter
        others[1].orderings = descending
        others[2].viewType = .all
        others[3].experimentIDs = [0, 1]
        for other in others {
            #expect(trackingError { _ = try fixture.read { try $0.searchRuns(other) } }?.code == .invalidParameterValue)
        }
        let experiments = experimentSearch(token: token)
        #expect(trackingError { _ = try fixture.read { try $0.searchExperiments(experiments) } } != nil)
        let history = MetricHistory(runID: runIDs[0], key: "m")
        let page = try fixture.read { try $0.metricHistory(history, pageToken: nil, limit: 1) }
        let historyToken = try #require(page.nextPageToken)
        for other in [MetricHistory(runID: runIDs[1], key: "m"), MetricHistory(runID: runIDs[0], key: "n")] {
            let error = trackingError {
                _ = try fixture.read { try $0.metricHistory(other, pageToken: historyToken, limit: 1) }
            }
            #expect(error?.code == .invalidParameterValue)
        }
    }

    @Test func `a token that was cut or changed is refused or harmless`() throws {
        let fixture = try StoreFixture()
        for _ in 0..<3 { _ = try fixture.createRun() }
        let page = try fixture.read { [search = runSearch()] in try $0.searchRuns(search) }
        let token = try #require(page.nextPageToken)
        let changed = token.indices.flatMap { index in
            [String(token[..<index]), token.replacingCharacter(at: index, with: "A")]
        }
        for token in changed {
            let search = runSearch(token: token)
            do {
                let page = try fixture.read { try $0.searchRuns(search) }
                #expect(page.items.count <= 1)
            } catch {
                #expect((error as? TrackingError)?.code == .invalidParameterValue)
            }
        }
    }

    @Test func `tokens of the reference count rows`() throws {
        let fixture = try StoreFixture()
        let runIDs = try (0..<5).map { try fixture.createRun(startTime: Int64(-$0)) }
        try fixture.log([1, 2, 3, 4, 5], key: "m", runID: runIDs[0])
        // {"offset": 2} with padding, {"offset":2} without a space, and {"offset": 99}.
        for token in ["eyJvZmZzZXQiOiAyfQ==", "eyJvZmZzZXQiOjJ9"] {
            var search = runSearch(token: token)
            let page = try fixture.read { [search] in try $0.searchRuns(search) }
            #expect(page.items.map(\.info.runID) == [runIDs[2]])
            search.pageToken = page.nextPageToken
            search.maxResults = 9
            let rest = try fixture.read { [search] in try $0.searchRuns(search) }
            #expect(rest.items.map(\.info.runID) == Array(runIDs[3...]))
            let history = MetricHistory(runID: runIDs[0], key: "m")
            let points = try fixture.read { try $0.metricHistory(history, pageToken: token, limit: 9).points }
            #expect(points.map(\.value) == [3, 4, 5])
        }
        let beyond = try fixture.read { [search = runSearch(token: "eyJvZmZzZXQiOiA5OX0=")] in try $0.searchRuns(search)
        }
        #expect(beyond.items.isEmpty && beyond.nextPageToken == nil)
    }

    private func runSearch(token: String? = nil) -> RunSearch {
        RunSearch(
            experimentIDs: [0],
            viewType: .activeOnly,
            filter: [],
            orderings: [],
            maxResults: 1,
            pageToken: token
        )
    }

    private func experimentSearch(token: String?) -> ExperimentSearch {
        ExperimentSearch(viewType: .all, filter: [], orderings: [], maxResults: 1, pageToken: token)
    }
}

extension String {
    fileprivate func replacingCharacter(at index: String.Index, with character: Character) -> String {
        var text = self
        text.replaceSubrange(index...index, with: [character])
        return text
    }
}

extension StoreFixture {
    /// Logs the values with the steps and timestamps 0, 1, 2 and so on.
    func log(_ values: [Double], key: String, runID: String) throws {
        let metrics = values.enumerated().map {
            Metric(key: key, value: $0.element, timestamp: Int64($0.offset), step: Int64($0.offset))
        }
        try write { try $0.logMetrics(metrics, runID: runID) }
    }
}
