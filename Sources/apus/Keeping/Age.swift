internal import ArgumentParser

/// A time span such as `30d`, `1.5h` or `1d2h3m4s`, in the form of `mlflow gc --older-than`.
struct Age: ExpressibleByArgument, Equatable {
    let milliseconds: Int64

    private static let units: [(letter: Character, milliseconds: Double)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000),
    ]

    /// Returns nil if a number has no unit, if the units are not in the order `d`, `h`, `m`, `s`, or if the span is longer than a
    /// million days.
    init?(argument: String) {
        var rest = argument[...]
        var sum = 0.0
        for (letter, length) in Self.units {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard rest.dropFirst(digits.count).first == letter else { continue }
            guard let number = Double(digits), number.isFinite else { return nil }
            sum += number * length
            rest = rest.dropFirst(digits.count + 1)
        }
        guard rest.isEmpty, !argument.isEmpty, sum <= 1_000_000 * 86_400_000 else { return nil }
        milliseconds = Int64(sum)
    }
}
