import Filter
import Testing

/// A recorded answer of the reference.
struct Recorded: CustomTestStringConvertible {
    let kind: Character
    let text: String
    /// nil if the reference answered an error.
    let parsed: String?

    var testDescription: String { "\(kind) \(text)" }

    init?(line: Substring) {
        guard let kind = line.first, let tab = line.lastIndex(of: "\t") else { return nil }
        self.kind = kind
        text = Recorded.unescaped(line[line.index(after: line.startIndex)..<tab])
        let answer = Recorded.unescaped(line[line.index(after: tab)...])
        parsed = answer == "!" ? nil : answer
    }

    static let all: [Recorded] = recordedAnswers.split(separator: "\n").compactMap(Recorded.init)

    private static func unescaped(_ text: Substring) -> String {
        let parts = text.components(dividedBy: "\\u")
        return parts.dropFirst().reduce(String(parts.first ?? "")) { result, part in
            guard let code = UInt32(part.prefix(4), radix: 16), let scalar = Unicode.Scalar(code) else { return result }
            return result + String(Character(scalar)) + part.dropFirst(4)
        }
    }
}

extension Substring {
    fileprivate func components(dividedBy divider: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = self
        while let range = rest.firstRange(of: divider) {
            parts.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return parts + [rest]
    }
}

/// The comparisons in the parsed form of the recorded answers.
private func shown(_ comparisons: [Comparison]) -> String {
    let shownComparisons: [String] = comparisons.map { comparison in
        let value: String =
            switch comparison.value {
            case .none: "n"
            case .text(let text): "s" + text
            case .integer(let integer): "i\(integer)"
            case .number(let number): "d" + hexadecimal(number)
            case .list(let texts): "l" + texts.joined(separator: "\u{1F}")
            case .integers(let integers): "L" + integers.map(String.init).joined(separator: ",")
            }
        let parts: [String] = [
            comparison.entity.rawValue, comparison.key, comparison.comparisonOperator.rawValue, value,
        ]
        return parts.joined(separator: "\u{1D}")
    }
    return shownComparisons.joined(separator: "\u{1E}")
}

private func shown(_ ordering: Ordering) -> String {
    [ordering.entity.rawValue, ordering.key, ordering.ascending ? "a" : "d"].joined(separator: "\u{1D}")
}

private func hexadecimal(_ number: Double) -> String {
    let digits = String(number.bitPattern, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}

private func ours(_ recorded: Recorded) -> String? {
    switch recorded.kind {
    case "R": (try? parseFilter(recorded.text, for: .runs)).map { shown($0) }
    case "E": (try? parseFilter(recorded.text, for: .experiments)).map { shown($0) }
    case "r": (try? parseOrderBy([recorded.text], for: .runs))?.first.map { shown($0) }
    default: (try? parseOrderBy([recorded.text], for: .experiments))?.first.map { shown($0) }
    }
}

@Suite struct RecordedAnswerTests {
    @Test func `reads every recorded answer`() {
        #expect(Recorded.all.count > 1_200)
        #expect(Recorded.all.filter { $0.parsed != nil }.count > 500)
    }

    @Test(arguments: Recorded.all) func `answers as the reference did`(recorded: Recorded) {
        guard knownDifferences[recorded.text] == nil else { return }
        #expect(ours(recorded) == recorded.parsed)
    }

    @Test(arguments: Recorded.all.filter { knownDifferences[$0.text] != nil })
    func `differs where a difference is listed`(recorded: Recorded) {
        #expect(ours(recorded) != recorded.parsed)
    }
}
