internal import Coding
internal import HTTPWire
internal import JSON
internal import Tracking
internal import TrackingStore

/// Calls that change registered models and versions of an upstream.
///
/// Each call may be repeated without harm.
struct RegistryCalls: Sendable {
    private let calls: RunCalls

    init(_ calls: RunCalls) { self.calls = calls }

    /// Sets the description, tags and aliases of a model.
    ///
    /// - Parameters:
    ///   - numbers: the numbers that the versions have at the upstream, by their numbers in this store.
    ///   - omissions: receives the parts that the server refuses.
    func update(
        _ model: RegisteredModel,
        aliases: [ModelAlias],
        numbers: [Int64: String],
        _ omissions: inout Omissions
    ) throws(UpstreamFailure) {
        if !model.description.isEmpty {
            try calls.sendOrOmit("description", &omissions) { () throws(UpstreamFailure) in
                try calls.patch("registered-models/update") { writer in
                    writer.member("name", model.name)
                    writer.member("description", model.description)
                }
            }
        }
        for tag in model.tags {
            try calls.sendOrOmit(ForwardOmission.part(ofTag: tag.key), &omissions) { () throws(UpstreamFailure) in
                try calls.post("registered-models/set-tag") { writer in
                    writer.member("name", model.name)
                    writer.member("key", tag.key)
                    writer.member("value", tag.value)
                }
            }
        }
        for alias in aliases {
            guard let number = numbers[alias.version] else {
                omissions.append(("alias \(alias.alias)", "the upstream does not have its version \(alias.version)"))
                continue
            }
            try calls.sendOrOmit("alias \(alias.alias)", &omissions) { () throws(UpstreamFailure) in
                try calls.post("registered-models/alias") { writer in
                    writer.member("name", model.name)
                    writer.member("alias", alias.alias)
                    writer.member("version", number)
                }
            }
        }
    }

    /// Sets the description, tags and stage of a version.
    ///
    /// - Parameters:
    ///   - number: the version's number at the upstream.
    ///   - omissions: receives the parts that the server refuses.
    func update(_ version: ModelVersion, number: String, _ omissions: inout Omissions) throws(UpstreamFailure) {
        let title = "version \(version.version)"
        if let description = version.description, !description.isEmpty {
            try calls.sendOrOmit("description of \(title)", &omissions) { () throws(UpstreamFailure) in
                try calls.patch("model-versions/update") { writer in
                    writer.member("name", version.name)
                    writer.member("version", number)
                    writer.member("description", description)
                }
            }
        }
        for tag in version.tags {
            let part = "\(ForwardOmission.part(ofTag: tag.key)) of \(title)"
            try calls.sendOrOmit(part, &omissions) { () throws(UpstreamFailure) in
                try calls.post("model-versions/set-tag") { writer in
                    writer.member("name", version.name)
                    writer.member("version", number)
                    writer.member("key", tag.key)
                    writer.member("value", tag.value)
                }
            }
        }
        guard version.stage.wireName != "None" else { return }
        try calls.sendOrOmit("stage of \(title)", &omissions) { () throws(UpstreamFailure) in
            try calls.post("model-versions/transition-stage") { writer in
                writer.member("name", version.name)
                writer.member("version", number)
                writer.member("stage", version.stage.wireName)
                writer.member("archive_existing_versions", false)
            }
        }
    }
}
