internal import Coding
internal import JSON
internal import Tracking
internal import Transfer

/// The counts and messages of an import.
struct ImportSummary {
    /// The largest number of skipped items that are listed; further ones are only counted.
    private static let maximumListed = 1_000

    /// The number of items of each kind that the source has; each metric point counts as one.
    private(set) var found: [TransferKind: Int] = [:]
    var report = TransferReport()
    var files = TransferCounts()
    /// The sum of the sizes of the files that were copied.
    var bytes: Int64 = 0
    private(set) var skipped: [(item: String, reason: String)] = []
    private(set) var skippedCount = 0
    /// Messages for the user that are not about data that was left out.
    var hints: [String] = []

    /// Whether the target now has everything that the source has, unchanged.
    var isComplete: Bool { skippedCount == 0 && report.remarkCount == 0 }

    mutating func count(_ record: TransferRecord) {
        let number =
            switch record {
            case .points(let points): points.points.count
            case .modelPoints(let points): points.points.count
            case .experiment, .run, .loggedModel, .registeredModel, .modelVersion: 1
            }
        found[record.subject.kind, default: 0] += number
    }

    /// - Parameter item: the path or description of the skipped item.
    mutating func skip(_ item: String, _ reason: String) {
        skippedCount += 1
        if skipped.count < Self.maximumListed { skipped.append((item, reason)) }
    }

    /// Whether an item is listed as skipped.
    func hasSkipped(_ item: String) -> Bool { skipped.contains { $0.item.isExactly(item) } }

    /// The summary as lines of text.
    func text(isDryRun: Bool, took duration: Duration) -> String {
        var lines: [String] = []
        if isDryRun {
            lines.append(Self.row("", ["in the source"]))
            for kind in TransferKind.allCases where found[kind] != nil {
                lines.append(Self.row(kind.title, ["\(found[kind] ?? 0)"]))
            }
            if files.added > 0 { lines.append(Self.row("artifacts", ["\(files.added)"])) }
        } else {
            lines.append(Self.row("", ["added", "completed", "unchanged"]))
            for kind in TransferKind.allCases {
                guard let counts = report.counts[kind] else { continue }
                lines.append(Self.row(kind.title, [counts.added, counts.completed, counts.unchanged].map { "\($0)" }))
            }
            if files.total > 0 { lines.append(Self.row("artifacts", ["\(files.added)", "0", "\(files.unchanged)"])) }
        }
        for mapping in report.mappings {
            lines.append(
                "experiment '\(mapping.name.printable(limit: 80))' has the id \(mapping.id) here, not \(mapping.source)"
            )
        }
        for remark in report.remarks {
            lines.append(
                "\(remark.kind.title) \(remark.id.printable(limit: 120)): \(remark.text.printable(limit: 600))"
            )
        }
        if report.remarkCount > report.remarks.count {
            lines.append("and \(report.remarkCount - report.remarks.count) more remarks of this kind")
        }
        for (item, reason) in skipped {
            lines.append("skipped \(item.printable(limit: 300)): \(reason.printable(limit: 400))")
        }
        if skippedCount > skipped.count { lines.append("and \(skippedCount - skipped.count) more that were skipped") }
        lines += hints.map { $0.printable(limit: 600) }
        let seconds = duration / .seconds(1)
        lines.append(
            "\(isDryRun ? "nothing was written; " : "")\(bytes) bytes of artifacts, \((seconds * 10).rounded() / 10) s"
        )
        return lines.joined(separator: "\n")
    }

    private static func row(_ title: String, _ cells: [String]) -> String {
        cells.reduce(title + String(repeating: " ", count: max(20 - title.count, 1))) { line, cell in
            line + String(repeating: " ", count: max(14 - cell.count, 1)) + cell
        }
    }

    /// The summary as one line of JSON.
    func json(isDryRun: Bool, source: String, target: String) -> String {
        JSONWriter.objectText { writer in
            writer.member("source", source)
            writer.member("target", target)
            writer.member("dry_run", isDryRun)
            writer.memberObject("found") { writer in
                for kind in TransferKind.allCases {
                    guard let number = found[kind] else { continue }
                    writer.key(kind.wireName)
                    writer.int(number)
                }
            }
            writer.members(of: report)
            writer.memberObject("artifacts") { writer in
                writer.member("added", files.added)
                writer.member("unchanged", files.unchanged)
                writer.member("bytes", bytes)
            }
            writer.member("hints", strings: hints)
            writer.member("skipped_count", skippedCount)
            writer.memberArray("skipped") { writer in
                for (item, reason) in skipped {
                    writer.beginObject()
                    writer.member("place", item)
                    writer.member("reason", reason)
                    writer.endObject()
                }
            }
        }
    }
}

extension TransferKind {
    /// The kind as messages name it.
    fileprivate var title: String {
        switch self {
        case .experiment: "experiments"
        case .run: "runs"
        case .points: "points"
        case .loggedModel: "logged models"
        case .modelPoints: "points of models"
        case .registeredModel: "registered models"
        case .modelVersion: "model versions"
        }
    }
}
