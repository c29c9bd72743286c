import TestSupport

/// Random filters and orders in the search language, for the content of `RandomContent`.
struct RandomQueries {
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    mutating func one<Element>(of elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &generator)]
    }

    private static let patterns = [
        "%", "_", "a%", "%b%", "A_C", "a_c", "%c", "é", "損%", "", "__", "%_%", "other%", "m_",
    ]
    private static let comparisons = ["=", "!=", ">", ">=", "<", "<="]
    private static let numbers = ["0", "0.5", "1", "-1", "1.5", "1e300", "-1e300", "0.1"]

    /// Up to three conditions.
    mutating func filter(_ condition: (inout RandomQueries) -> String) -> String {
        (0..<Int.random(in: 0...3, using: &generator)).map { _ in condition(&self) }.joined(separator: " AND ")
    }

    mutating func text(_ field: String, allowsLists: Bool = false, ignoresCase: Bool = true) -> String {
        let value = one(of: RandomContent.texts)
        switch Int.random(in: 0..<(allowsLists ? 6 : 4), using: &generator) {
        case 0: return "\(field) = '\(value)'"
        case 1: return "\(field) != '\(value)'"
        case 2: return "\(field) LIKE '\(one(of: Self.patterns))'"
        case 3:
            // The two databases fold the case of letters beyond ASCII in different ways.
            let pattern = one(of: Self.patterns.filter { $0.utf8.allSatisfy { $0 < 0x80 } })
            return "\(field) \(ignoresCase ? "ILIKE" : "LIKE") '\(pattern)'"
        case 4: return "\(field) IN ('\(value)', '\(one(of: RandomContent.texts))')"
        default: return "\(field) NOT IN ('\(value)', 'b')"
        }
    }

    mutating func number(_ field: String, isWhole: Bool = false) -> String {
        let numbers = isWhole ? ["0", "3", "5", "8", "9999999999999999999"] : Self.numbers
        return "\(field) \(one(of: Self.comparisons)) \(one(of: isWhole ? numbers.dropLast() : numbers))"
    }

    mutating func run(ids: [String]) -> String {
        switch Int.random(in: 0..<14, using: &generator) {
        case 0: return number("metrics.\(one(of: ["acc", "loss", "`val/f1`", "never"]))")
        case 1: return number("metrics.acc")
        case 2: return text("params.lr")
        case 3: return text("params.`a/b`")
        case 4: return text("tags.t")
        case 5: return "\(one(of: ["params.lr", "tags.t", "params.never"])) IS \(one(of: ["", "NOT "]))NULL"
        case 6: return text("attributes.run_name")
        case 7: return "attributes.status \(one(of: ["=", "!="])) '\(one(of: ["FINISHED", "RUNNING", "finished"]))'"
        case 8: return number("attributes.start_time", isWhole: true)
        case 9: return number("attributes.end_time", isWhole: true)
        case 10: return "attributes.start_time \(one(of: ["<", ">="])) \(one(of: ["4.5", "1e30", "-1e30", "5.0"]))"
        case 11: return text("dataset.\(one(of: ["name", "digest", "context"]))", allowsLists: true)
        case 12: return "attributes.run_id \(one(of: ["IN", "NOT IN"])) ('\(one(of: ids))', '\(one(of: ids))')"
        default: return text("attributes.\(one(of: ["user_id", "artifact_uri"]))")
        }
    }

    mutating func runOrder() -> [String] {
        let fields = [
            "attributes.start_time", "attributes.end_time", "attributes.status", "attributes.run_name",
            "attributes.user_id", "attributes.run_id", "metrics.acc", "metrics.loss", "metrics.never", "params.lr",
            "params.never", "tags.t", "attributes.artifact_uri",
        ]
        return order(fields)
    }

    /// Up to two different fields.
    mutating func order(_ fields: [String]) -> [String] {
        fields.shuffled(using: &generator).prefix(Int.random(in: 0...2, using: &generator)).map {
            "\($0) \(one(of: ["ASC", "DESC"]))"
        }
    }

    mutating func experiment() -> String {
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: text("name")
        case 1: text("tags.t")
        case 2: "tags.t IS \(one(of: ["", "NOT "]))NULL"
        case 3: "experiment_id \(one(of: ["=", "!="])) '\(one(of: ["0", "1", "3"]))'"
        default: "creation_time \(one(of: [">", "<", ">="])) \(one(of: ["0", "9999999999999"]))"
        }
    }

    mutating func registeredModel() -> String {
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: text("name", allowsLists: true)
        case 1: text("name")
        case 2:
            "tags.`mlflow.prompt.is_prompt` \(one(of: ["= 'true'", "= 'TRUE'", "!= 'false'", "= 'false'", "!= 'true'"]))"
        default: text("tags.t")
        }
    }

    mutating func modelVersion(ids: [String]) -> String {
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: "version_number \(one(of: Self.comparisons)) \(one(of: ["1", "2", "3"]))"
        case 1: "run_id \(one(of: ["=", "!="])) '\(one(of: ids))'"
        case 2: "source_path \(one(of: ["=", "!=", "LIKE", "ILIKE"])) '\(one(of: ["s3://b/x", "s3://b/y", "s3%"]))'"
        default: registeredModel()
        }
    }

    mutating func loggedModel(ids: [String]) -> String {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: number("metrics.\(one(of: ["acc", "loss", "never"]))")
        case 1: text("params.lr")
        case 2: text("tags.t")
        case 3: text("name", allowsLists: true)
        case 4: "status \(one(of: ["=", "!="])) '\(one(of: ["READY", "2", "1", "x"]))'"
        case 5: "source_run_id \(one(of: ["=", "!="])) '\(one(of: [ids[0], ""]))'"
        case 6: "experiment_id \(one(of: ["=", "!=", "IN", "NOT IN"]) )".withValue(one(of: ["0", "1", "x"]))
        default: text("model_type", allowsLists: true)
        }
    }
}

extension String {
    /// The condition with a quoted value, as a list after IN.
    fileprivate func withValue(_ value: String) -> String {
        contains("IN") ? "\(self)('\(value)')" : "\(self)'\(value)'"
    }
}
