internal import ArgumentParser

/// A duration as an argument: `60s`, `500ms`, `2m`, `1h`, or a number of seconds.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    private static let units: [(suffix: String, seconds: Double)] = [
        ("ms", 0.001), ("s", 1), ("m", 60), ("h", 3_600), ("", 1),
    ]

    init?(argument: String) {
        let unit = Self.units.first { argument.hasSuffix($0.suffix) } ?? ("", 1)
        guard let number = Double(argument.dropLast(unit.suffix.count)) else { return nil }
        let seconds = number * unit.seconds
        guard (0...86_400).contains(seconds) else { return nil }
        duration = .seconds(seconds)
    }
}
