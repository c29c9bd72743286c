import Filter
import Testing

private func message(_ text: String, _ subject: SearchSubject = .runs) -> String? {
    do {
        _ = try parseFilter(text, for: subject)
        return nil
    } catch {
        return error.message
    }
}

@Suite struct FilterParserTests {
    @Test func `takes the empty text for no filter`() throws {
        #expect(try parseFilter("", for: .runs).isEmpty)
        #expect(try parseFilter("", for: .experiments).isEmpty)
    }

    @Test func `keeps the order of comparisons and canonical names`() throws {
        let parsed = try parseFilter("Created > 5 AND params.`a b` = \"x\" AND tags.t IS NULL", for: .runs)
        #expect(
            parsed == [
                Comparison(entity: .attribute, key: "start_time", comparisonOperator: .greater, value: .integer(5)),
                Comparison(entity: .parameter, key: "a b", comparisonOperator: .equal, value: .text("x")),
                Comparison(entity: .tag, key: "t", comparisonOperator: .isNull, value: .none),
            ]
        )
    }

    @Test(
        arguments: [
            (
                "foo.bar = 'x'",
                "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']"
            ),
            ("metrics.m > 'x'", "Expected numeric value type for metric. Found 'x'"),
            ("start_time > 'x'", "Expected numeric value type for numeric attribute: start_time. Found 'x'"),
            ("params.p = 5", "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 5"),
            ("status = 5", "Expected a quoted string value for attributes. Got value 5"),
            ("status IN ('x')", "Only ['run_id'] attributes support comparison with a list of quoted string values."),
            (
                "run_id IN ()",
                "While parsing a list in the query, expected a non-empty list of string values, but got empty list"
            ),
            ("metrics.m IS NULL", "IS NULL / IS NOT NULL is only supported for tags and params, not for 'metric' 'm'"),
            ("status = 'a' OR status = 'b'", "Invalid clause(s) in filter string: 'OR status'"),
            ("metrics.m > 1;", "Invalid clause(s) in filter string: ';'"),
            ("  ", "Invalid filter '  '. Could not be parsed."),
            (
                "dataset.source = 'x'",
                "Invalid dataset key 'source' specified. Valid keys are '['context', 'digest', 'name']'"
            ),
            (
                "tags.t > 'x'",
                "Invalid comparator '>' for tag 't', not one of '['=', '!=', 'LIKE', 'ILIKE', 'IS NULL', 'IS NOT NULL']'"
            ),
        ] as [(String, String)]
    )
    func `names what is wrong`(text: String, expected: String) {
        #expect(message(text) == expected)
    }

    @Test func `names what is wrong with an experiment filter`() {
        #expect(
            message("experiment_id = 'abc'", .experiments)
                == "Invalid experiment ID 'abc'. Experiment ID must be a valid integer."
        )
        #expect(
            message("metrics.m > 1", .experiments)
                == "Invalid entity type 'metrics'. Valid values are ('attribute', 'tag', 'tags')"
        )
    }

    @Test func `refuses what is beyond the limits`() {
        let comparison = "metrics.m > 1 AND "
        let most = String(repeating: comparison, count: FilterLimits.comparisonCount)
        #expect(message(most) == nil)
        #expect(message(most + "metrics.m > 1") != nil)
        #expect(message("status = '" + String(repeating: "x", count: FilterLimits.filterBytes) + "'") != nil)
        let ids: [String] = (0..<FilterLimits.listValueCount).map { "'\($0)'" }
        #expect(message("run_id IN (" + ids.joined(separator: ",") + ")") == nil)
        #expect(message("run_id IN (" + ids.joined(separator: ",") + ",'x')") != nil)
    }

    @Test func `does not take a canonically equivalent letter for a keyword`() {
        #expect(message("params.p LI\u{212A}E 'x'") != nil)
        #expect(message("params.p LIKE 'x'") == nil)
    }

    /// Parses all texts of up to four tokens from a small set; none may crash.
    @Test func `survives every short text`() {
        let tokens: [String] = [
            "metrics.m", "run_id", ".", "`", "'", "\"", "(", ")", ",", "IN", "NOT", "IS", "NULL", "=", "-", "5", "\\",
            "é",
        ]
        var texts: [String] = [""]
        for length in 1...4 {
            texts = texts.flatMap { text in tokens.map { text + (length % 2 == 0 ? " " : "") + $0 } }
            for text in texts {
                _ = try? parseFilter(text, for: .runs)
            }
        }
        #expect(texts.count == 104_976)
    }
}
