/// Tracks the conversion of a model into another format: logs its source, the sizes of both models and the difference
/// of their results.
///
/// ```swift
/// let conversion = try await ConversionTracker.start(
///     client,
///     .name("export"),
///     source: "runs:/0123/model",
///     format: "onnx",
///     params: [Param("opset", 17)]
/// )
/// try await conversion.log(sourceBytes: 4_000_000, convertedBytes: 1_000_000, largestDifference: 0.001)
/// let report = await conversion.upload([LocalArtifact("/tmp/model.onnx")])
/// try await conversion.end(report.isComplete ? .finished : .failed)
/// ```
public struct ConversionTracker: Sendable {
    /// The folder of the converted files among the run's artifacts.
    public static let folder = "converted"

    /// The client that makes the calls.
    public let client: TrackingClient
    /// The run of the conversion.
    public let run: Run

    /// Creates the run.
    ///
    /// - Parameters:
    ///   - source: the source of the model, such as `runs:/0123/model`.
    ///   - format: the new format, such as `onnx`.
    public static func start(
        _ client: TrackingClient,
        _ experiment: ExperimentReference,
        source: String,
        format: String,
        runName: String? = nil,
        params: [Param] = [],
        tags: [Tag] = []
    ) async throws(MLflowError) -> ConversionTracker {
        let all = [Param("source_model", source), Param("target_format", format)] + params
        let run = try await client.startRun(experiment, runName: runName, params: all, tags: tags)
        return ConversionTracker(client: client, run: run)
    }

    /// Logs the sizes, the converted size divided by that of the source, and the difference of the results.
    ///
    /// - Parameter largestDifference: the largest difference between outputs of the two models; nil if it was not measured.
    public func log(
        sourceBytes: Int64,
        convertedBytes: Int64,
        largestDifference: Double? = nil
    ) async throws(MLflowError) {
        var metrics = [
            Metric("source_bytes", Double(sourceBytes)), Metric("converted_bytes", Double(convertedBytes)),
        ]
        if sourceBytes > 0 { metrics.append(Metric("size_ratio", Double(convertedBytes) / Double(sourceBytes))) }
        if let largestDifference { metrics.append(Metric("largest_difference", largestDifference)) }
        try await client.logBatch(runID: run.info.runID, metrics: metrics)
    }

    /// Uploads the converted files and a manifest that lists them; never throws.
    public func upload(_ files: [LocalArtifact]) async -> UploadReport {
        await client.uploadFiles(files, to: .run(run.info.runID), folder: Self.folder)
    }

    /// Ends the run, if it is still running.
    public func end(_ status: RunStatus = .finished, tags: [Tag] = []) async throws(MLflowError) {
        try await client.endRun(runID: run.info.runID, status: status, tags: tags)
    }
}
