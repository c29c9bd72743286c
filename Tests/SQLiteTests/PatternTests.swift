import Budgets
import Dispatch
import SQLite
import Synchronization
import Testing

/// Patterns match as in SQLite, in time that depends only on the text.
@Suite struct PatternTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = try folder.connection().path
    }

    /// Runs `work` on a connection that has the pattern functions.
    private func onReader<Value: Sendable>(_ work: @escaping @Sendable (Connection) throws -> Value) throws -> Value {
        let path = path
        let pool = ReaderPool(count: 1, queue: Budget(total: 1)) { try Connection(path: path, mode: .readOnly) }
        defer { pool.close() }
        let done = DispatchSemaphore(value: 0)
        let outcome = Outcome<Value>()
        try pool.submit(work) { result in
            outcome.result.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        return try #require(outcome.result.withLock { $0 }).get()
    }

    private final class Outcome<Value: Sendable>: Sendable {
        let result = Mutex<Result<Value, any Error>?>(nil)
    }

    @Test(arguments: [UInt64(1), 20_261_128, 77])
    func `random patterns find in random texts what SQLite finds`(seed: UInt64) throws {
        let (differences, matches) = try onReader { connection in
            try connection.execute("PRAGMA case_sensitive_like = ON")
            let query = try connection.prepare(
                "SELECT ?1 LIKE ?2, is_like(?1, ?2), lower(?1) LIKE lower(?2), is_ilike(?1, ?2)"
            )
            var source = TextSource(seed: seed)
            var differences: [String] = []
            var matches = 0
            for number in 0..<20_000 {
                let symbols = [2, 8, 18][number % 3]
                let length = number % 100 == 0 ? 200 : 10
                let text = source.text(of: length, symbols: symbols, wildcards: number % 5 == 0)
                let pattern = source.text(of: length, symbols: symbols, wildcards: true)
                try text.withUnsafeBytes { try query.bind(utf8: $0, at: 1) }
                try pattern.withUnsafeBytes { try query.bind(utf8: $0, at: 2) }
                _ = try query.step()
                if query.int64(0) != query.int64(1) || query.int64(2) != query.int64(3) {
                    differences.append("\(text) \(pattern)")
                }
                matches += query.int(0)
                query.reset()
            }
            return (differences, matches)
        }
        #expect(differences.isEmpty, "seed \(seed)")
        #expect(matches > 500, "seed \(seed)")
    }

    @Test(arguments: [
        ("NULL", "'a'", nil), ("'a'", "NULL", nil), ("12", "'1%'", 1), ("1.5", "'%.5'", 1), ("''", "'%'", 1),
        ("''", "''", 1), ("'a'", "''", 0), ("char(97, 0, 98)", "'a'", 1), ("'abc'", "'a%c%'", 1), ("'É'", "'_'", 1),
    ])
    func `values that are no texts are compared as SQLite compares them`(
        text: String,
        pattern: String,
        answer: Int64?
    )
        throws
    {
        let answers = try onReader { connection in
            [
                try connection.firstInt64(of: "SELECT \(text) LIKE \(pattern)"),
                try connection.firstInt64(of: "SELECT is_like(\(text), \(pattern))"),
                try connection.firstInt64(of: "SELECT is_ilike(\(text), \(pattern))"),
            ]
        }
        #expect(answers == [answer, answer, answer])
    }

    @Test(arguments: ["a", "_", "é"])
    func `a pattern that is nearly everywhere costs a look at the text, not at each place`(repeated: String) throws {
        let text = String(repeating: repeated == "_" ? "a" : repeated, count: 1_000_000)
        let pattern = "%" + String(repeating: repeated, count: 490) + "b%"
        // Comparing at each position would take some 490 million comparisons. In a debug build they take longer than
        // the pool's limit of ten seconds for a read, which would end it.
        let answer = try onReader { connection in
            let query = try connection.prepare("SELECT is_like(?1, ?2)")
            try query.bind(text, at: 1)
            try query.bind(pattern, at: 2)
            _ = try query.step()
            return query.int64(0)
        }
        #expect(answer == 0)
    }
}

/// Random texts of few symbols, with malformed UTF-8 among them, reproducible by their seed.
private struct TextSource {
    private static let symbols: [[UInt8]] = [
        [0x61], [0x62], [0x41], [0x42], [0xC3, 0xA9], [0xEF, 0xBF, 0xBD], [0xEF, 0xBF, 0xBE], [0xF0, 0x9F, 0x98, 0x80],
        [0x80], [0xC3], [0xE0, 0x83, 0xA9], [0xED, 0xA0, 0x80], [0xC1, 0x81], [0xFF], [0xFD, 0x81], [0xFB, 0x82, 0x83],
        [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE, 0xBF],
    ]

    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    private mutating func number(below bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state >> 33) % bound
    }

    mutating func text(of length: Int, symbols: Int, wildcards: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<number(below: length + 1) {
            if wildcards, number(below: 3) == 0 {
                bytes.append(number(below: 2) == 0 ? UInt8(ascii: "%") : UInt8(ascii: "_"))
            } else {
                bytes += Self.symbols[number(below: symbols)]
            }
        }
        return bytes
    }
}
