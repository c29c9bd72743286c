import JSON
import Testing

@testable import MLflowClient

@Suite struct LogBatchesTests {
    private func bodies(
        metrics: [Metric] = [],
        params: [Param] = [],
        tags: [MLflowClient.Tag] = []
    ) throws -> [JSONValue] {
        var batches = LogBatches(runID: "r1", metrics: metrics, params: params, tags: tags)
        var bodies: [JSONValue] = []
        while let body = batches.next() {
            #expect(body.count <= 1_000_000)
            bodies.append(try JSONDocument(parsing: body).root)
        }
        return bodies
    }

    @Test func `nothing makes no call`() throws {
        #expect(try bodies().isEmpty)
    }

    @Test func `each call holds at most 1,000 things, 100 params and 100 tags`() throws {
        let metrics: [Metric] = (0..<2_500).map { Metric("loss", Double($0), step: Int64($0), timestamp: 1) }
        let params: [Param] = (0..<250).map { Param("p\($0)", $0) }
        let tags: [MLflowClient.Tag] = (0..<101).map { Tag("t\($0)", $0) }
        let bodies = try bodies(metrics: metrics, params: params, tags: tags)
        func counts(_ name: String) -> [Int] { bodies.map { $0[name]?.count ?? 0 } }
        #expect(counts("params") == [100, 100, 50])
        #expect(counts("tags") == [100, 1, 0])
        #expect(counts("metrics") == [800, 899, 801])
    }

    @Test func `a call stays below one megabyte`() throws {
        let long = String(repeating: "é", count: 3_000)
        let params: [Param] = (0..<400).map { number in Param("p\(number)", long) }
        let bodies = try bodies(metrics: [Metric("loss", 1)], params: params, tags: [Tag("t", long)])
        let counts: [Int] = bodies.map { $0["params"]?.count ?? 0 }
        #expect(counts == [100, 100, 100, 100])
    }

    @Test func `long values are cut into more calls`() throws {
        let long = String(repeating: "é", count: 6_000)
        let params: [Param] = (0..<150).map { number in Param("p\(number)", long) }
        let counts: [Int] = try bodies(params: params).map { $0["params"]?.count ?? 0 }
        #expect(counts.count == 2 && counts[0] < 100)
        #expect(counts[0] + counts[1] == 150)
    }

    @Test func `a thing that is too large goes alone`() {
        var batches = LogBatches(
            runID: "r1",
            metrics: [],
            params: [Param("large", String(repeating: "x", count: 2_000_000)), Param("small", 1)],
            tags: []
        )
        var sizes: [Int] = []
        while let body = batches.next() { sizes.append(body.count) }
        #expect(sizes.count == 2 && sizes[0] > 2_000_000 && sizes[1] < 200)
    }
}
