package import Tracking

/// Builds a run from the events of one folder, which must be added in the order of the files.
package struct RunEvents {
    /// The maximum number of TensorBoard's tags (the names of values) in a run; the values of further tags are left out.
    private static let maximumTags = 100_000
    /// The name of TensorBoard's plugin for hyperparameters.
    private static let hyperparameterPlugin = "hparams"

    private struct TagState {
        var plugin: String?
        /// The index of the tag's key in `keys`; nil until the tag has a point.
        var keyIndex: Int?
    }

    private var tags: [ExactText: TagState] = [:]
    private var metricKeys = LegalKeys()
    private var paramKeys = LegalKeys()
    /// The keys of the metrics, in the order of their first points.
    package private(set) var keys: [String] = []
    private(set) var params: [Param] = []
    /// The values in `params`, by the names of the hyperparameters.
    private var hyperparameters: [ExactText: String] = [:]
    /// The messages about hyperparameters that were left out, one for each.
    private(set) var remarks: [String] = []
    private var namesWithRemark: Set<ExactText> = []
    private(set) var group: String?
    private(set) var status = RunStatus.finished
    /// The time of the last event in Unix milliseconds.
    private(set) var end: Int64?
    private(set) var leftOut = LeftOutValues()

    package init() {}

    /// The names of metrics and params whose keys differ from the names.
    var changedNames: [(name: String, key: String)] { metricKeys.changes + paramKeys.changes }

    /// Adds an event, and calls `receive` for each of its points with the index of the key in `keys`, the key and the point.
    ///
    /// - Throws: `BrokenMessage`, or what `receive` throws.
    package mutating func add(_ event: TrainingEvent, _ receive: (Int, String, MetricPoint) throws -> Void) throws {
        end = max(end ?? 0, event.milliseconds)
        if event.isGraph { leftOut.add(.graph) }
        try event.forEachValue { value in
            if value.plugin == Self.hyperparameterPlugin {
                if let content = value.pluginContent { add(try HyperparameterMessage(content)) }
                return
            }
            guard let number = try number(of: value), let index = keyIndex(of: value.tag) else { return }
            // The key is left empty, because `MetricPoint` does not keep it.
            let metric = Metric(key: "", value: number, timestamp: event.milliseconds, step: event.step)
            try receive(index, keys[index], MetricPoint(metric))
        }
    }

    /// Counts records that were too large to be read.
    mutating func countTooLarge(_ count: Int) {
        if count > 0 { leftOut.add(.other, count) }
    }

    /// The number of a scalar; nil for any other value, which is counted in `leftOut` if it has content.
    private mutating func number(of value: SummaryValue) throws -> Double? {
        switch value.content {
        case .number(let number): return Double(number)
        case .tensor(let tensor):
            let plugin = plugin(of: value)
            if plugin == "scalars", let number = try ScalarTensor(tensor).value { return number }
            leftOut.add(LeftOutValues.Kind(plugin: plugin))
        case .image: leftOut.add(.image)
        case .histogram: leftOut.add(.histogram)
        case .audio: leftOut.add(.audio)
        // A value without content only describes its tag.
        case .none: _ = plugin(of: value)
        }
        return nil
    }

    /// The plugin of a value's tag; nil if unknown; often only the first value of a tag names the plugin.
    private mutating func plugin(of value: SummaryValue) -> String? {
        let tag = ExactText(value.tag)
        if let plugin = tags[tag]?.plugin { return plugin }
        guard let plugin = value.plugin, tags[tag] != nil || tags.count < Self.maximumTags else { return nil }
        tags[tag, default: TagState()].plugin = plugin
        return plugin
    }

    /// The index in `keys` of the key for a tag; nil if the run has too many tags.
    private mutating func keyIndex(of name: String) -> Int? {
        let tag = ExactText(name)
        if let index = tags[tag]?.keyIndex { return index }
        guard tags[tag] != nil || tags.count < Self.maximumTags else {
            leftOut.add(.other)
            return nil
        }
        let index = keys.count
        keys.append(metricKeys.key(of: name))
        tags[tag, default: TagState()].keyIndex = index
        return index
    }

    private mutating func add(_ message: HyperparameterMessage) {
        group = group ?? message.group.flatMap { Self.isLegal($0) ? $0 : nil }
        status = message.status ?? status
        for param in message.hyperparameters {
            let name = ExactText(param.key)
            if let earlier = hyperparameters[name] {
                if !earlier.isExactly(param.value) { remark(name, "has another value later, which is left out") }
            } else if Self.isLegal(param.value) {
                hyperparameters[name] = param.value
                params.append(Param(key: paramKeys.key(of: param.key), value: param.value))
            } else {
                remark(name, "has more than \(TransferLimits.valueLength) characters")
            }
        }
    }

    private static func isLegal(_ value: String) -> Bool {
        value.utf8.count <= TransferLimits.valueLength || value.unicodeScalars.count <= TransferLimits.valueLength
    }

    private mutating func remark(_ name: ExactText, _ text: String) {
        if namesWithRemark.insert(name).inserted { remarks.append("the hyperparameter '\(name.text)' \(text)") }
    }
}

/// Counts the values of event files that a run cannot store.
struct LeftOutValues {
    enum Kind: CaseIterable {
        case image, histogram, audio, text, graph, other

        init(plugin: String?) {
            self =
                switch plugin {
                case "images": .image
                case "histograms": .histogram
                case "audio": .audio
                case "text": .text
                case "graphs", "graph_keras_model", "graph_run_metadata", "graph_run_metadata_graph": .graph
                default: .other
                }
        }

        fileprivate var title: String {
            switch self {
            case .image: "images"
            case .histogram: "histograms"
            case .audio: "audio clips"
            case .text: "texts"
            case .graph: "graphs"
            case .other: "other values"
            }
        }
    }

    private var counts: [Kind: Int] = [:]

    mutating func add(_ kind: Kind, _ count: Int = 1) { counts[kind, default: 0] += count }

    mutating func add(_ other: LeftOutValues) { counts.merge(other.counts) { $0 + $1 } }

    /// The message with the counts; nil if nothing was left out.
    var message: String? {
        let parts = Kind.allCases.compactMap { kind in counts[kind].map { "\(kind.title): \($0)" } }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}
