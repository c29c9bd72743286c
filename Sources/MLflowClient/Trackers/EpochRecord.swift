internal import JSON

/// The metrics, facts and files of one epoch, which are uploaded to `epochs/epoch_0007/` (for epoch 7) in the run's artifacts.
///
/// The folder has the files, `metadata.json` for programs, `summary.md` for people, and the manifest of the upload.
public struct EpochRecord: Sendable, Hashable {
    /// The number of the epoch, as the training program counts epochs.
    public var epoch: Int
    /// The metrics, in the order in which the summary shows them.
    public var metrics: [Metric]
    /// Further facts, such as the state of the random generator.
    public var metadata: [Param]
    /// The files to upload, such as the checkpoint.
    public var files: [LocalArtifact]

    /// A record of one epoch.
    public init(epoch: Int, metrics: [Metric] = [], metadata: [Param] = [], files: [LocalArtifact] = []) {
        self.epoch = epoch
        self.metrics = metrics
        self.metadata = metadata
        self.files = files
    }

    /// The folder among the artifacts.
    ///
    /// Its number has at least four digits, so that folders sort by epoch.
    public var folder: String {
        let digits = String(epoch.magnitude)
        let zeros = String(repeating: "0", count: max(0, 4 - digits.count))
        return "epochs/epoch_\(epoch < 0 ? "-" : "")\(zeros)\(digits)"
    }

    /// The content of `metadata.json`.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("epoch", epoch)
        writer.memberArray("metrics") { writer in
            for metric in metrics { metric.write(to: &writer) }
        }
        writer.memberArray("metadata") { writer in
            for fact in metadata { writer.pair(fact.key, fact.value) }
        }
        writer.memberArray("files") { writer in
            for file in files { writer.string(file.path) }
        }
        writer.endObject()
        return writer.takeBytes()
    }

    /// The content of `summary.md`.
    var summary: String {
        var lines = ["# Epoch \(epoch)", ""]
        lines += Self.table("metric", metrics.map { ($0.key, "\($0.value)") })
        lines += Self.table("fact", metadata.map { ($0.key, $0.value) })
        lines += files.isEmpty ? [] : ["Files:", ""] + files.map { "- `\($0.path)`" } + [""]
        return lines.joined(separator: "\n")
    }

    private static func table(_ title: String, _ rows: [(name: String, value: String)]) -> [String] {
        guard !rows.isEmpty else { return [] }
        return ["| \(title) | value |", "|---|---|"] + rows.map { "| \(cell($0.name)) | \(cell($0.value)) |" } + [""]
    }

    /// Escapes a text so that it does not end its table cell.
    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|").replacing("\n", with: " ") }
}

extension BlockingTrackingClient {
    /// The blocking form of ``TrackingClient/logEpoch(_:to:)``.
    public func logEpoch(_ record: EpochRecord, to owner: ArtifactOwner) -> UploadReport {
        var report = uploadFiles(record.files, to: owner, folder: record.folder)
        let texts = [("metadata.json", record.json), ("summary.md", Array(record.summary.utf8))]
        for (name, bytes) in texts {
            let path = "\(record.folder)/\(name)"
            do throws(MLflowError) {
                try logArtifact(owner, bytes: bytes, path: path)
                report.uploaded.append(path)
            } catch {
                report.failures.append(UploadReport.Failure(path: path, error: error))
            }
        }
        return report
    }
}

extension TrackingClient {
    /// Uploads the files of one epoch with `metadata.json` and `summary.md`; never throws.
    public func logEpoch(_ record: EpochRecord, to owner: ArtifactOwner) async -> UploadReport {
        await perform { $0.logEpoch(record, to: owner) }
    }
}
