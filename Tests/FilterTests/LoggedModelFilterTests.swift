import Filter
import Testing

/// The parsed forms of filters of logged models, as seen on a running mlflow 3.17.2.
@Suite struct LoggedModelFilterTests {
    @Test(
        arguments: [
            ("", []),
            ("AND", []),
            ("name = 'm'", ["attribute name = m"]),
            ("name='m'AND name='n'", ["attribute name = m", "attribute name = n"]),
            ("attributes.`name` != 'm'", ["attribute name != m"]),
            ("`name` like 'm%'", ["attribute name LIKE m%"]),
            ("name ilike 'M%'", ["attribute name ILIKE M%"]),
            ("name = m", ["attribute name = m"]),
            ("name = NULL", ["attribute name = NULL"]),
            ("name = 5", ["attribute name = 5"]),
            ("params.lr = -1", ["parameter lr = -1"]),
            ("params.lr = 0.10", ["parameter lr = 0.10"]),
            ("tags.v = a.b-beta/x", ["tag v = a.b-beta/x"]),
            // The reference keeps the double quotes in the value, and so finds nothing.
            ("name = \"m\"", ["attribute name = m"]),
            // The reference keeps doubled single quotes in the value.
            ("params.p = 'x''y'", ["parameter p = x''y"]),
            ("status = '1'", ["attribute status = 1"]),
            ("name IN ('a', \"b\")", ["attribute name IN a b"]),
            ("name not in ('a')", ["attribute name NOT IN a"]),
            ("name IN ()", ["attribute name IN "]),
            ("creation_timestamp > 1", ["attribute creation_time > i1"]),
            ("creation_time >= 1.5", ["attribute creation_time >= d1.5"]),
            ("attributes.last_updated_timestamp_ms < 2", ["attribute last_updated_time < i2"]),
            ("metrics.acc > .5 and metrics.loss<=1e-3", ["metric acc > d0.5", "metric loss <= d0.001"]),
            ("metrics.val/f1-score > 0", ["metric val/f1-score > d0.0"]),
            ("metrics.top-5 > 0", ["metric top-5 > d0.0"]),
            ("metrics.`val loss` > -1", ["metric val loss > d-1.0"]),
            ("tags.mlflow.source = 'x'", ["tag mlflow.source = x"]),
        ]
    )
    func `a legal filter is read as the reference reads it`(text: String, expected: [String]) throws {
        #expect(try parseFilter(text, for: .loggedModels).map(Self.shown) == expected)
    }

    @Test(
        arguments: [
            ("  ", "Invalid filter"), ("Foo", "Invalid filter string:"), ("name =", "Invalid filter string:"),
            ("name = 'a' OR name = 'b'", "Invalid filter string:"), ("(name = 'a')", "Invalid filter string:"),
            ("NOT name = 'a'", "Invalid filter string:"), ("name = 'a';", "Invalid filter string:"),
            ("name = 'a", "Invalid filter string:"), ("name IN 'a'", "Invalid filter string:"),
            ("tags.a:b = 'x'", "Invalid filter string:"), ("params.from = 'x'", "Invalid filter string:"),
            ("attribute.name = 'a'", "Invalid entity type: 'attribute'"), ("metric.m > 1", "Invalid entity type:"),
            ("name > 'a'", "Invalid comparison operator '>'"),
            ("name RLIKE 'a'", "Invalid comparison operator 'RLIKE'"),
            ("name NOT LIKE 'a'", "Invalid comparison operator"), ("metrics.m LIKE 1", "Invalid comparison operator"),
            ("name == 'a'", "Invalid comparison operator '=='"), ("metrics.m IN (1)", "Invalid comparison operator"),
            ("name = ('a')", "Invalid comparator"), ("name IS NULL", "IS NULL / IS NOT NULL is not supported"),
            ("metrics.m LIKE 'a'", "Invalid comparison operator"),
            ("Name = 'a'", "Invalid attribute key 'Name'"), ("metrics.m > '1'", "Expected numeric value"),
            ("creation_time > 'now'", "Expected numeric value"), ("name IN ('a', 1)", "While parsing a list"),
        ]
    )
    func `an illegal filter is refused`(text: String, beginning: String) {
        #expect(throws: FilterError.self) { try parseFilter(text, for: .loggedModels) }
        do {
            _ = try parseFilter(text, for: .loggedModels)
        } catch {
            #expect(error.message.hasPrefix(beginning), "\(error.message)")
        }
    }

    @Test func `slashes and hyphens join words for logged models alone`() {
        for subject in [SearchSubject.runs, .experiments] {
            #expect(throws: FilterError.self) { try parseFilter("tags.a/b = 'x'", for: subject) }
            #expect(throws: FilterError.self) { try parseFilter("tags.a-b = 'x'", for: subject) }
        }
    }

    @Test(
        arguments: [
            ("metrics.acc", "metric acc"), ("metrics.a.b", "metric a.b"), ("metrics.", "metric "),
            ("creation_timestamp", "attribute creation_time"), ("artifact_location", "attribute artifact_location"),
            ("artifact_uri", nil), ("params.lr", nil), ("Metrics.acc", nil), ("", nil), ("attributes.name", nil),
            ("metrics." + String(repeating: "x", count: 5_000), nil),
        ]
    )
    func `an order names an attribute or a metric`(fieldName: String, expected: String?) {
        let ordering = try? SearchSubject.loggedModelOrdering(fieldName, ascending: false)
        #expect(ordering.map { "\($0.entity) \($0.key)" } == expected)
        #expect(ordering?.ascending != true)
    }

    private static func shown(_ comparison: Comparison) -> String {
        let value: String =
            switch comparison.value {
            case .none: "none"
            case .text(let text): text
            case .number(let number): "d\(number)"
            case .integer(let integer): "i\(integer)"
            case .list(let texts): texts.joined(separator: " ")
            case .integers(let integers): "\(integers)"
            }
        return "\(comparison.entity) \(comparison.key) \(comparison.comparisonOperator.rawValue) \(value)"
    }
}
