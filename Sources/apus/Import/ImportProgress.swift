internal import Glibc
internal import Tracking

/// Shows the progress of an import or a push in one line on a terminal; without a terminal, shows nothing.
final class ImportProgress {
    private static let interval = Duration.milliseconds(200)

    private let isShown: Bool
    private var nextUpdate = ContinuousClock.now
    private var hasLine = false

    init(isQuiet: Bool) { isShown = !isQuiet && isatty(StandardStream.error.rawValue) == 1 }

    func show(_ summary: ImportSummary) {
        show(runs: summary.found[.run] ?? 0, points: summary.found[.points] ?? 0, files: summary.files.total)
    }

    func show(runs: Int, points: Int, files: Int) {
        guard isShown, ContinuousClock.now >= nextUpdate else { return }
        nextUpdate = .now + Self.interval
        hasLine = true
        // The escape sequence erases the rest of the previous line, which may be longer than this one.
        Self.put("\r\(runs) runs, \(points) points, \(files) artifacts\u{1B}[K")
    }

    /// Erases the line.
    func end() {
        guard hasLine else { return }
        Self.put("\r\u{1B}[K")
        hasLine = false
    }

    /// Writes to standard error, and ignores failures because the next line repeats the content.
    private static func put(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(StandardStream.error.rawValue, $0.baseAddress, $0.count) }
    }
}
