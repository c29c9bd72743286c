import Filter
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct RunTableTests {
    private func search(maxResults: Int = 100) -> RunSearch {
        RunSearch(
            experimentIDs: [0, 1, 2],
            viewType: .all,
            filter: [],
            orderings: [],
            maxResults: maxResults,
            pageToken: nil
        )
    }

    @Test func `a table shows what a search shows, in the same order`() throws {
        let fixture = try StoreFixture()
        let world = try RunWorld(seed: testSeed(), runCount: 60, in: fixture)
        let columns: [RunTableColumn] = [
            .metric("acc", .last), .metric("loss", .minimum), .param("lr"), .tag("t"), .metric("acc", .maximum),
            .metric("never logged", .last), .param("a b"), .metric("acc", .step(0)), .tag("lr"), .param("lr"),
        ]
        let rows = try fixture.read { [search = search()] session in
            try session.findRunTable(search, columns: columns).whole(in: session)
        }
        #expect(rows.map(\.runID) == world.found(by: search()))
        let runs = Dictionary(uniqueKeysWithValues: world.runs.map { ($0.runID, $0) })
        for row in rows {
            let run = try #require(runs[row.runID])
            #expect(row.experimentID == run.experimentID && row.status == run.status && row.endTime == run.endTime)
            #expect(row.userID == run.userID && row.startTime == run.startTime && row.lifecycleStage == run.stage)
            #expect(row.parentRunID == nil)
            // Both points of a metric are logged at times 1 and 2; the one of the higher step is the latest.
            #expect(row.lastLogged == (run.status == .running && !run.metrics.isEmpty ? 1 : nil))
            #expect(row.values.count == columns.count && row.values[5] == .missing && row.values[9] == row.values[2])
            #expect(Self.isShown(row.values[0], run.metrics["acc"]))
            let texts = [run.params["lr"], run.tags["t"], run.params["a b"], run.tags["lr"]]
            #expect(Self.texts(row, 2, 3, 6, 8) == texts)
            let least = run.metrics["loss"].map { $0.isNaN ? 0.25 : min(SearchModel.stored($0), 0.25) }
            #expect(Self.extreme(row.values[1]) == least)
            let step = least == 0.25 ? Int64(0) : 1
            if case .extreme(let extreme) = row.values[1] { #expect(extreme.step == step) }
            #expect(row.values[7] == (run.metrics["acc"] == nil ? .missing : .number(0.25)))
        }
    }

    private static func isShown(_ value: RunTableValue, _ number: Double?) -> Bool {
        switch (value, number) {
        case (.missing, nil): true
        case (.number(let shown), let number?):
            number.isNaN ? shown.isNaN : shown == SearchModel.stored(number)
        default: false
        }
    }

    private static func texts(_ row: RunTableRow, _ columns: Int...) -> [String?] {
        columns.map { if case .text(let text) = row.values[$0] { text } else { nil } }
    }

    private static func extreme(_ value: RunTableValue) -> Double? {
        if case .extreme(let extreme) = value { extreme.value } else { nil }
    }

    /// Histories that are looked up by halving the time, some with many points at one time.
    @Test(arguments: [1, 3, 10, 1_000])
    func `the value at a step is the last one that was logged there`(pointsAtOneTime: Int64) throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        let metrics = (0..<600).map { index in
            Metric(key: "m", value: Double(index), timestamp: index / pointsAtOneTime, step: index / 2 * 2)
        }
        try fixture.write { try $0.logMetrics(metrics, runID: runID) }
        let steps: [Int64] = [.min, -1, 0, 1, 2, 9, 10, 300, 301, 596, 597, 598, 599, 600, .max]
        let columns = steps.map { RunTableColumn.metric("m", .step($0)) }
        let row = try fixture.read { [search = search()] session in
            try session.findRunTable(search, columns: columns).whole(in: session).first
        }
        let expected = steps.map { step -> RunTableValue in
            (0..<600).contains(step) && step % 2 == 0 ? .number(Double(step + 1)) : .missing
        }
        #expect(row?.values == expected)
    }

    @Test func `a running run tells when it logged last and to which run it belongs`() throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun(tags: [Tag(key: Tag.parentRunIDKey, value: "parent")])
        let metrics = [("a", 30), ("b", 50), ("c", 40)].map {
            Metric(key: $0.0, value: 1, timestamp: $0.1, step: 0)
        }
        try fixture.write { try $0.logMetrics(metrics, runID: runID) }
        func row() throws -> RunTableRow? {
            try fixture.read { [search = search()] session in
                try session.findRunTable(search, columns: []).whole(in: session).first
            }
        }
        #expect(try row()?.lastLogged == 50)
        #expect(try row()?.parentRunID == "parent")
        try fixture.write { _ = try $0.updateRun(runID, status: .finished, endTime: 9, name: nil) }
        #expect(try row()?.lastLogged == nil)
    }

    @Test func `columns are counted among the newest runs`() throws {
        let fixture = try StoreFixture()
        for number in 0..<30 {
            let runID = try fixture.createRun(startTime: Int64(number))
            let batch = LogBatch(
                metrics: [Metric(key: "m", value: 1, timestamp: 0, step: 0)]
                    + (number % 2 == 0 ? [Metric(key: "even", value: 1, timestamp: 0, step: 0)] : []),
                params: [
                    Param(key: "lr", value: "\(number)"), Param(key: "same", value: "x"),
                    Param(key: "long", value: String(repeating: "v", count: 300)),
                ]
            )
            try fixture.write { try $0.log(batch, runID: runID) }
        }
        let found = try fixture.read { [search = search()] in try $0.describeRunColumns(search, valueLimit: 10_000) }
        #expect(found.runCount == 30 && !found.hasMoreRuns)
        #expect(Dictionary(uniqueKeysWithValues: found.metrics.map { ($0.key, $0.runCount) }) == ["m": 30, "even": 15])
        let params = Dictionary(uniqueKeysWithValues: found.params.map { ($0.key, $0) })
        #expect(params["lr"]?.distinctValueCount == 30 && params["lr"]?.isNumber == true)
        #expect(params["lr"]?.samples == (10..<30).reversed().map { "\($0)" })
        #expect(
            params["same"]?.distinctValueCount == 1 && params["same"]?.samples == ["x"]
                && params["same"]?.isNumber == false
        )
        #expect(params["long"]?.distinctValueCount == 1 && params["long"]?.samples == [])
        #expect(found.tags.map(\.key) == [Tag.runNameKey])

        let few = try fixture.read { [search = search(maxResults: 7)] in
            try $0.describeRunColumns(search, valueLimit: 10_000)
        }
        #expect(few.runCount == 7 && few.hasMoreRuns)
    }
}
