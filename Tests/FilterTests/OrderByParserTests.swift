import Filter
import Testing

@Suite struct OrderByParserTests {
    @Test func `reads several clauses in order`() throws {
        let parsed = try parseOrderBy(["metrics.`a b` DESC", "Created", "tags.t asc"], for: .runs)
        #expect(
            parsed == [
                Ordering(entity: .metric, key: "a b", ascending: false),
                Ordering(entity: .attribute, key: "start_time", ascending: true),
                Ordering(entity: .tag, key: "t", ascending: true),
            ]
        )
        #expect(try parseOrderBy([], for: .runs).isEmpty)
    }

    @Test(arguments: [
        ["metrics.m", "metrics.m DESC"],
        ["start_time", "created DESC"],
        ["tags.a", "params.a", "tag.`a`"],
    ])
    func `refuses a field that stands twice`(clauses: [String]) {
        #expect {
            try parseOrderBy(clauses, for: .runs)
        } throws: { error in
            (error as? FilterError)?.message.hasPrefix("`order_by` contains duplicate fields: ['") == true
        }
    }

    @Test func `lets an experiment field stand twice`() throws {
        #expect(try parseOrderBy(["name", "name DESC"], for: .experiments).count == 2)
    }

    @Test func `tells a metric from a tag of the same key`() throws {
        #expect(try parseOrderBy(["metrics.a", "tags.a"], for: .runs).count == 2)
    }

    @Test func `refuses too many clauses and too long ones`() {
        let most: [String] = (0..<FilterLimits.orderingCount).map { "metrics.m\($0)" }
        #expect((try? parseOrderBy(most, for: .runs))?.count == FilterLimits.orderingCount)
        #expect(throws: FilterError.self) { try parseOrderBy(most + ["tags.t"], for: .runs) }
        let long = "metrics.`" + String(repeating: "x", count: FilterLimits.orderingBytes) + "`"
        #expect(throws: FilterError.self) { try parseOrderBy([long], for: .runs) }
    }

    @Test(arguments: [
        ("dataset.name", "Invalid order_by clause 'dataset.name': cannot order by a dataset"),
        ("metrics.m up", "Invalid ordering key in order_by clause 'metrics.m up'."),
        ("", "Invalid order_by clause ''. Could not be parsed."),
    ])
    func `names the clause that is wrong`(clause: String, expected: String) {
        #expect {
            try parseOrderBy([clause], for: .runs)
        } throws: { error in
            (error as? FilterError)?.message == expected
        }
    }
}
