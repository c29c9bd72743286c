internal import Coding
internal import Hashing
internal import JSON

/// Names an experiment by its id, its name or one of its runs.
public enum ExperimentReference: Sendable, Hashable {
    /// The experiment with this id, which must exist.
    case id(String)
    /// The experiment with this name, which is created if it does not exist.
    case name(String)
    /// The experiment of the run with this id, such as the parent of a new run.
    case ofRun(String)
}

/// A run that was created, or found and set to running again.
public struct StartedRun: Sendable, Hashable {
    /// The run with its state on the server.
    public let run: Run
    /// Whether the run existed before.
    public let isResumed: Bool
}

/// The tags that this library sets on the runs that it creates.
public enum RunTag {
    /// The name of the tag for the key of `createOrResumeRun`.
    public static let key = "run_key"
    /// The name of the tag for the hash of the params that a run was started with.
    public static let paramsHash = "params_sha256"
    /// The name of the tag for the id of the parent, by which MLflow's pages find nested runs.
    public static let parent = "mlflow.parentRunId"
    /// The name of the tag for the name of the person who runs the program.
    public static let user = "mlflow.user"
    /// The name of the tag for the path of the program.
    public static let sourceName = "mlflow.source.name"
    /// The name of the tag for the place where the program runs; its value is `LOCAL`.
    public static let sourceType = "mlflow.source.type"

    /// Adds the tags for the user and the program, except for those that `tags` has already.
    static func withOrigin(_ tags: [Tag]) -> [Tag] {
        let origin = [
            Tag(user, UserName.current), Tag(sourceName, CommandLine.arguments.first ?? ""), Tag(sourceType, "LOCAL"),
        ]
        return tags + origin.filter { tag in !tag.value.isEmpty && !tags.contains { $0.key.isSame(as: tag.key) } }
    }

    static func tags(parentRunID: String?, params: [Param]) -> [Tag] {
        var tags: [Tag] = []
        if let parentRunID { tags.append(Tag(parent, parentRunID)) }
        if !params.isEmpty { tags.append(Tag(paramsHash, Param.hash(of: params))) }
        return tags
    }
}

extension Param {
    /// The SHA-256 of params in hexadecimal digits; the order of the params does not change it.
    ///
    /// ```swift
    /// let hash = Param.hash(of: [Param("lr", 0.1), Param("depth", 3)])
    /// ```
    public static func hash(of params: [Param]) -> String {
        let sorted = params.sorted { first, second in
            first.key.isSame(as: second.key)
                ? first.value.utf8.lexicographicallyPrecedes(second.value.utf8)
                : first.key.utf8.lexicographicallyPrecedes(second.key.utf8)
        }
        var writer = JSONWriter()
        writer.beginArray()
        for param in sorted { writer.pair(param.key, param.value) }
        writer.endArray()
        return Hexadecimal.text(SHA256.digest(of: writer.takeBytes()))
    }
}

/// Makes the addresses of runs' pages for a browser.
enum RunPage {
    static func url(of run: RunInfo, at uri: TrackingURI) -> String {
        // Azure ML shows runs on another host than that of its tracking server.
        if uri.host.lowercased().hasSuffix(".api.azureml.ms"),
            let start = uri.prefix.firstRange(of: "/subscriptions/")
        {
            let workspace = uri.prefix[start.lowerBound...]
                .replacing("/providers/Microsoft.MachineLearningServices", with: "")
            return "https://ml.azure.com/runs/\(run.runID)?wsid=\(workspace)"
        }
        return "\(uri)/#/experiments/\(run.experimentID)/runs/\(run.runID)"
    }
}
