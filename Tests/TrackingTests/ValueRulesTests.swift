import Testing
import Tracking

/// The message of an INVALID_PARAMETER_VALUE; `nil` when nothing was thrown.
private func message(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch let error as TrackingError {
        return error.code == .invalidParameterValue ? error.message : "\(error.code)"
    } catch {
        return "\(error)"
    }
}

private func text(_ length: Int, of unit: String = "x") -> String {
    String(repeating: unit, count: length)
}

@Suite struct MetricRuleTests {
    @Test(arguments: [0, -0.0, .nan, .infinity, -.infinity, .greatestFiniteMagnitude] as [Double])
    func `accepts every double`(value: Double) throws {
        try validateMetric(Metric(key: "k", value: value, timestamp: 0, step: -5))
    }

    @Test func `refuses a negative timestamp`() {
        let metric = Metric(key: "k", value: 1e-5, timestamp: -12, step: 0)
        let expected =
            "supplied: metric 'k' (value=1e-05). Timestamp must be a nonnegative long (64-bit integer) "
        #expect(message { try validateMetric(metric) } == "Invalid value -12 for parameter 'timestamp' " + expected)
        #expect(
            message { try validateMetric(metric, path: "metrics[3]") }
                == "Invalid value -12 for parameter 'metrics[3].timestamp' " + expected
        )
    }

    @Test func `bounds the key`() throws {
        try validateMetric(Metric(key: text(250, of: "é"), value: 1, timestamp: 0, step: 0))
        #expect(
            message { try validateMetric(Metric(key: text(251), value: 1, timestamp: 0, step: 0)) }
                == "'Metric name' exceeds the maximum length of 250 characters"
        )
    }
}

@Suite struct ParamAndTagRuleTests {
    @Test func `cuts long values by scalars`() throws {
        let param = try validatedParam(Param(key: "p", value: text(6_001, of: "e\u{301}")), longValues: .truncate)
        #expect(param.value.unicodeScalars.count == 6_000)
        let tag = try validatedTag(Tag(key: "t", value: text(8_001, of: "😀")), longValues: .truncate)
        #expect(tag.value.isExactly(text(8_000, of: "😀")))
        let fitting = try validatedParam(Param(key: "p", value: text(6_000, of: "é")), longValues: .refuse)
        #expect(fitting.value.unicodeScalars.count == 6_000)
    }

    @Test func `refuses long values where they are not cut`() {
        #expect(
            message { _ = try validatedParam(Param(key: "p", value: text(6_001)), longValues: .refuse) }
                == "'Param value' exceeds the maximum length of 6000 characters"
        )
        #expect(
            message { _ = try validatedTag(Tag(key: "t", value: text(8_001)), path: "tags[1]", longValues: .refuse) }
                == "'tags[1].value' exceeds the maximum length of 8000 characters"
        )
    }

    @Test func `names a long key as the reference does`() {
        #expect(
            message { _ = try validatedParam(Param(key: text(251), value: ""), longValues: .truncate) }
                == "'Param key' exceeds the maximum length of 250 characters"
        )
        #expect(
            message { _ = try validatedTag(Tag(key: text(251), value: ""), longValues: .truncate) }
                == "'key' exceeds the maximum length of 250 characters"
        )
        #expect(
            message { _ = try validatedTag(Tag(key: text(251), value: ""), path: "tags[0]", longValues: .truncate) }
                == "'tags[0].key' exceeds the maximum length of 250 characters"
        )
    }

    @Test func `never cuts an experiment tag`() throws {
        try validateExperimentTag(Tag(key: "k", value: text(20_000)))
        #expect(
            message { try validateExperimentTag(Tag(key: "k", value: text(20_001))) }
                == "'value' exceeds the maximum length of 20000 characters"
        )
        #expect(message { try validateExperimentTag(Tag(key: "a//b", value: "")) } != nil)
    }
}

@Suite struct BatchRuleTests {
    private static func metrics(_ count: Int) -> [Metric] {
        (0..<count).map { Metric(key: "m\($0)", value: 1, timestamp: 1, step: 0) }
    }
    private static func params(_ count: Int) -> [Param] { (0..<count).map { Param(key: "p\($0)", value: "1") } }
    private static func tags(_ count: Int) -> [Tag] { (0..<count).map { Tag(key: "t\($0)", value: "1") } }

    @Test func `accepts a batch at its limits`() throws {
        let batch = LogBatch(metrics: Self.metrics(800), params: Self.params(100), tags: Self.tags(100))
        #expect(try batch.validated(longValues: .truncate) == batch)
        _ = try LogBatch(metrics: Self.metrics(1_000)).validated(longValues: .truncate)
    }

    @Test(arguments: [
        (1_001, 0, 0, "1000 metrics. Got 1001 metrics"),
        (0, 101, 0, "100 params. Got 101 params"),
        (0, 0, 101, "100 tags. Got 101 tags"),
        (950, 0, 51, "1000 metrics, params, and tags. Got 1001 metrics, params, and tags"),
    ])
    func `refuses a batch beyond a limit`(metrics: Int, params: Int, tags: Int, expected: String) {
        let batch = LogBatch(metrics: Self.metrics(metrics), params: Self.params(params), tags: Self.tags(tags))
        let text = message { _ = try batch.validated(longValues: .truncate) }
        #expect(text?.hasPrefix("A batch logging request can contain at most " + expected) == true)
    }

    @Test func `refuses a repeated param whatever its value`() {
        let repeated = [Param(key: "d", value: "1"), Param(key: "e", value: "1"), Param(key: "d", value: "1")]
        #expect(
            message { _ = try LogBatch(params: repeated).validated(longValues: .truncate) }
                == "Duplicate parameter keys have been submitted: ['d']. Please ensure the request contains only one "
                + "param value per param key."
        )
    }

    @Test func `tells canonically equivalent keys apart`() throws {
        let keys = [Param(key: "\u{212B}", value: "1"), Param(key: "\u{C5}", value: "1")]
        #expect(try LogBatch(params: keys).validated(longValues: .truncate).params.count == 2)
    }

    @Test func `names the entity that is wrong`() {
        let metrics = Self.metrics(1) + [Metric(key: "/k", value: 1, timestamp: 1, step: 0)]
        let text = message { _ = try LogBatch(metrics: metrics).validated(longValues: .truncate) }
        #expect(text?.hasPrefix("Invalid value \"/k\" for parameter 'metrics[1].name' supplied: ") == true)
    }
}

@Suite struct DatasetRuleTests {
    @Test(arguments: [
        ("name", 500), ("digest", 36), ("source", 65_535), ("schema", 1_048_575), ("key", 255), ("value", 500),
    ])
    func `bounds every text`(field: String, limit: Int) throws {
        for length in [limit, limit + 1] {
            var dataset = Dataset(name: "", digest: "", sourceType: text(300), source: "")
            var tag = Tag(key: "a//b", value: "")
            switch field {
            case "name": dataset.name = text(length)
            case "digest": dataset.digest = text(length)
            case "source": dataset.source = text(length)
            case "schema": dataset.schema = text(length)
            case "key": tag.key = text(length)
            default: tag.value = text(length)
            }
            let found = message { try validateDatasetInput(DatasetInput(dataset: dataset, tags: [tag])) }
            #expect(found == (length > limit ? "'\(field)' exceeds the maximum length of \(limit) characters" : nil))
        }
    }
}
