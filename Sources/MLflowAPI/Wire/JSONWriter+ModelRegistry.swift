internal import HTTPWire
internal import JSON
internal import Tracking

// Unset fields and empty lists are left out, as in MLflow's protobuf JSON.
extension JSONWriter {
    mutating func write(_ model: RegisteredModel) {
        beginObject()
        member("name", model.name)
        member("creation_timestamp", model.creationTime)
        member("last_updated_timestamp", model.lastUpdatedTime)
        if !model.description.isEmpty { member("description", model.description) }
        if !model.latestVersions.isEmpty {
            memberArray("latest_versions") { writer in
                for version in model.latestVersions { writer.write(version) }
            }
        }
        write(model.tags, as: "tags")
        if !model.aliases.isEmpty {
            memberArray("aliases") { writer in
                for alias in model.aliases {
                    writer.beginObject()
                    writer.member("alias", alias.alias)
                    writer.member("version", String(alias.version))
                    writer.endObject()
                }
            }
        }
        endObject()
    }

    mutating func write(_ version: ModelVersion) {
        beginObject()
        member("name", version.name)
        member("version", String(version.version))
        member("creation_timestamp", version.creationTime)
        member("last_updated_timestamp", version.lastUpdatedTime)
        member("current_stage", version.stage.wireName)
        member("description", ifPresent: version.description)
        member("source", version.source)
        member("run_id", version.runID)
        member("status", version.status.rawValue)
        member("status_message", ifPresent: version.statusMessage)
        write(version.tags, as: "tags")
        member("run_link", version.runLink)
        if !version.aliases.isEmpty {
            memberArray("aliases") { writer in for alias in version.aliases { writer.string(alias) } }
        }
        endObject()
    }
}

extension HTTPResponse {
    static func registeredModel(_ model: RegisteredModel) -> HTTPResponse {
        .json("registered_model") { $0.write(model) }
    }

    static func modelVersion(_ version: ModelVersion) -> HTTPResponse {
        .json("model_version") { $0.write(version) }
    }
}
