internal import Tracking

/// A result of a search whose approximate length as JSON is known before it is written.
protocol SizedEntity: Sendable {
    /// The approximate length as JSON, in bytes.
    var textBytes: Int { get }
}

extension Experiment: SizedEntity {
    var textBytes: Int { 240 + name.utf8.count + artifactLocation.utf8.count + tags.textBytes }
}

extension Run: SizedEntity {
    var textBytes: Int {
        var bytes = 400 + info.name.utf8.count + info.artifactURI.utf8.count + tags.textBytes
        for metric in metrics { bytes += 80 + metric.key.utf8.count }
        for param in params { bytes += 24 + param.key.utf8.count + param.value.utf8.count }
        for input in datasetInputs {
            let dataset = input.dataset
            bytes += 120 + dataset.name.utf8.count + dataset.source.utf8.count + input.tags.textBytes
            bytes += (dataset.schema?.utf8.count ?? 0) + (dataset.profile?.utf8.count ?? 0)
        }
        return bytes + 64 * (modelInputs.count + modelOutputs.count)
    }
}

extension LoggedModel: SizedEntity {
    var textBytes: Int {
        var bytes = 400 + info.name.utf8.count + info.artifactURI.utf8.count + tags.textBytes
        for param in params { bytes += 24 + param.key.utf8.count + param.value.utf8.count }
        for point in metrics { bytes += 160 + point.metric.key.utf8.count + (point.dataset?.name.utf8.count ?? 0) }
        return bytes
    }
}

extension ModelVersion: SizedEntity {
    var textBytes: Int {
        let texts = [name, source, runLink, description ?? ""] + aliases
        return texts.reduce(240 + tags.textBytes) { $0 + $1.utf8.count }
    }
}

extension RegisteredModel: SizedEntity {
    var textBytes: Int {
        let own = 120 + name.utf8.count + description.utf8.count + tags.textBytes + 280 * aliases.count
        return latestVersions.reduce(own) { $0 + $1.textBytes }
    }
}

extension [Tag] {
    fileprivate var textBytes: Int { reduce(0) { $0 + 24 + $1.key.utf8.count + $1.value.utf8.count } }
}
