internal import Filter
internal import JSON
internal import Synchronization
internal import Tracking

struct RunTableColumns {
    private(set) var columns: [RunTableColumn] = []
    /// The goals of the columns that show the best value of a metric, by the index of the column.
    private var goals: [Int: Goal] = [:]

    static let maximumCount = 200

    /// Whether the smallest or the largest value of a metric is the best.
    private enum Goal: String, CaseIterable {
        case minimize
        case maximize
    }

    private enum Measure: String, CaseIterable {
        case last
        case min
        case max
        case best
        case atStep = "at_step"
    }

    /// - Throws: `.invalidParameterValue` for an invalid column, or too many columns.
    init(_ message: RequestMessage) throws(TrackingError) {
        let requested = try message.messages("columns")
        guard requested.count <= Self.maximumCount else {
            throw .invalidParameter("A run table has at most \(Self.maximumCount) columns, not \(requested.count).")
        }
        for column in requested { columns.append(try Self.column(column, goal: &goals[columns.count])) }
    }

    private static func column(_ message: RequestMessage, goal: inout Goal?) throws(TrackingError) -> RunTableColumn {
        let metric = try message.boundedString("metric")
        let param = try message.boundedString("param")
        let tag = try message.boundedString("tag")
        switch (metric, param, tag) {
        case (let key?, nil, nil): return .metric(key, try measure(message, goal: &goal))
        case (nil, let key?, nil): return .param(key)
        case (nil, nil, let key?): return .tag(key)
        default:
            throw .invalidParameter("Each of 'columns' must have exactly one of 'metric', 'param' and 'tag'.")
        }
    }

    private static func measure(
        _ message: RequestMessage,
        goal: inout Goal?
    ) throws(TrackingError) -> RunTableColumn.Measure {
        switch try message.choice("value", of: Measure.self) ?? .last {
        case .last: return .last
        case .min: return .minimum
        case .max: return .maximum
        case .best:
            let requestedGoal = try message.choice("goal", of: Goal.self) ?? .minimize
            goal = requestedGoal
            return requestedGoal == .minimize ? .minimum : .maximum
        case .atStep: return .step(try message.requiredInteger("step"))
        }
    }

    /// Reads the orderings of a request.
    ///
    /// Each ordering is a text, as in `order_by` of `runs/search`, or an object that names a column.
    ///
    /// - Throws: `.invalidParameterValue` or `FilterError`.
    func orderings(_ message: RequestMessage) throws -> [Ordering] {
        let clauses = try message.elements("order_by") ?? []
        guard clauses.count <= FilterLimits.orderingCount else {
            throw FilterError("`order_by` has more than \(FilterLimits.orderingCount) clauses. Use fewer.")
        }
        return try clauses.flatMap { clause -> [Ordering] in
            if let text = clause.text { return try parseOrderBy([text], for: .runs) }
            guard let named = clause.message, let index = try named.integer("column") else {
                throw clause.invalid("order_by")
            }
            guard let columnIndex = Int(exactly: index), columns.indices.contains(columnIndex) else {
                throw TrackingError.invalidParameter(
                    "'order_by' names the column \(index), but there are \(columns.count) columns; the first one is 0."
                )
            }
            return [Self.ordering(by: columns[columnIndex], ascending: try !(named.boolean("descending") ?? false))]
        }
    }

    private static func ordering(by column: RunTableColumn, ascending: Bool) -> Ordering {
        switch column {
        case .metric(let key, let measure):
            let sortValue: Ordering.SortValue =
                switch measure {
                case .last: .value
                case .minimum: .minimum
                case .maximum: .maximum
                case .step(let step): .step(step)
                }
            return Ordering(entity: .metric, key: key, ascending: ascending, sortValue: sortValue)
        case .param(let key): return Ordering(entity: .parameter, key: key, ascending: ascending, sortValue: .number)
        case .tag(let key): return Ordering(entity: .tag, key: key, ascending: ascending, sortValue: .number)
        }
    }

    /// Writes the columns in the order of the request, each with the type of its values.
    func write(_ isNumber: [Bool], to writer: inout JSONWriter) {
        writer.memberArray("columns") { writer in
            for (index, column) in columns.enumerated() {
                writer.beginObject()
                switch column {
                case .metric(let key, let measure):
                    writer.member("metric", key)
                    Self.write(measure, goals[index], to: &writer)
                case .param(let key): writer.member("param", key)
                case .tag(let key): writer.member("tag", key)
                }
                writer.member("type", isNumber[index] ? "number" : "string")
                writer.endObject()
            }
        }
    }

    private static func write(_ measure: RunTableColumn.Measure, _ goal: Goal?, to writer: inout JSONWriter) {
        if let goal {
            writer.member("value", Measure.best.rawValue)
            writer.member("goal", goal.rawValue)
            return
        }
        switch measure {
        case .last: writer.member("value", Measure.last.rawValue)
        case .minimum: writer.member("value", Measure.min.rawValue)
        case .maximum: writer.member("value", Measure.max.rawValue)
        case .step(let step):
            writer.member("value", Measure.atStep.rawValue)
            writer.member("step", step)
        }
    }
}

/// Determines, while a table is being written, which of its columns contain only numbers.
final class RunTableTypes: Sendable {
    private struct ColumnContent {
        var hasValues = false
        var isNumber = true
    }

    private let columns: [RunTableColumn]
    private let contents: Mutex<[ColumnContent]>

    init(_ columns: [RunTableColumn]) {
        self.columns = columns
        contents = Mutex(Array(repeating: ColumnContent(), count: columns.count))
    }

    /// Takes the values of one row into account.
    func add(_ values: [RunTableValue]) {
        contents.withLock { contents in
            for (index, value) in values.enumerated() {
                guard case .text(let text) = value, contents[index].isNumber else { continue }
                contents[index].hasValues = true
                contents[index].isNumber = text.isDecimalNumber
            }
        }
    }

    /// For each column, whether it contains numbers: true for a metric, and for a param or tag whose values are all numbers.
    var areNumbers: [Bool] {
        contents.withLock { contents in
            zip(columns, contents).map { column, contents in
                if case .metric = column { true } else { contents.hasValues && contents.isNumber }
            }
        }
    }
}
