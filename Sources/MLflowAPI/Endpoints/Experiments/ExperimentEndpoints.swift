internal import Budgets
internal import Filter
internal import HTTPWire
internal import JSON
internal import Tracking

extension MLflowAPI {
    var experimentEndpoints: [[Endpoint]] {
        let search = Access.search(.unnamed(.experiment))
        let creation = Access.change(.unnamed(.experiment)).audited(creating: .resource(.experiment), "name")
        let change = Access.change(.experiment)
        let tag = change.audited("key")
        return [
            endpoint(.post, .tracking, "experiments/create", creation, createExperiment),
            endpoint(.get, .tracking, "experiments/get", .lookUp(.experiment), getExperiment),
            endpoint(.get, .tracking, "experiments/get-by-name", .lookUp(.experimentName), getExperimentByName),
            endpoint(.get, .tracking, "experiments/search", search, pages: .experiments, searchExperiments),
            endpoint(.post, .tracking, "experiments/search", search, pages: .experiments, searchExperiments),
            endpoint(.post, .tracking, "experiments/update", change.audited("new_name"), updateExperiment),
            endpoint(.post, .tracking, "experiments/delete", change.audited(), deleteExperiment),
            endpoint(.post, .tracking, "experiments/restore", change.audited(), restoreExperiment),
            endpoint(.post, .tracking, "experiments/set-experiment-tag", tag, setExperimentTag),
            endpoint(.post, .tracking, "experiments/delete-experiment-tag", tag, deleteExperimentTag),
            endpoint(.post, .pages, "2.0/mlflow/experiments/search-datasets", .search(.experiments), searchDatasets),
        ]
    }

    private func createExperiment(_ message: RequestMessage) throws -> Operation {
        let name = try message.requiredString("name")
        let location = try message.string("artifact_location") ?? ""
        let tags = try message.tags("tags")
        if !location.isEmpty { try validateArtifactLocation(location) }
        try validateExperimentName(name)
        for tag in tags { try validateExperimentTag(tag) }
        guard Set(tags.map { ExactText($0.key) }).count == tags.count else {
            throw TrackingError(
                .resourceAlreadyExists,
                "Experiment(name=\(name)) already exists or its tags name one key twice; nothing was created."
            )
        }
        let resolved = location.isEmpty ? nil : resolvedArtifactLocation(location)
        return .create(
            "experiment",
            { try $0.createExperiment(name: name, artifactLocation: resolved, tags: tags) },
            entity: { .experiment($0) },
            auditNote: { .created(String($0)) },
            encode: { id in .jsonObject { $0.member("experiment_id", String(id)) } }
        )
    }

    /// Resolves a relative local location against the server's working directory, as MLflow does.
    private func resolvedArtifactLocation(_ location: String) -> String {
        let scheme = ArtifactLocation(location).scheme
        if scheme == nil, !location.hasPrefix("/") {
            let relative = location.hasPrefix("./") ? String(location.dropFirst(2)) : location
            return settings.workingDirectory + "/" + relative
        }
        if scheme == "file" {
            let path = location.dropFirst("file:".count)
            if !path.hasPrefix("/") { return "file://\(settings.workingDirectory)/\(path)" }
        }
        return location
    }

    private func getExperiment(_ message: RequestMessage) throws -> Operation {
        let id = try message.experimentID()
        return .read({ try $0.experiment(id: id) }, encode: { .experiment($0) })
    }

    private func getExperimentByName(_ message: RequestMessage) throws -> Operation {
        let name = try message.requiredString("experiment_name")
        return .read({ try $0.experiment(named: name) }, encode: { .experiment($0) })
    }

    private func searchExperiments(_ message: RequestMessage) throws -> Operation {
        let viewType = try message.enumeration("view_type", as: ViewType.self) ?? .activeOnly
        let pageSize = try message.pageSize()
        let orderBy = try message.strings("order_by") ?? []
        let filter = try message.string("filter") ?? ""
        let pageToken = try message.string("page_token")
        let maxResults = try message.checkedPageSize(pageSize)
        let search = ExperimentSearch(
            viewType: viewType,
            filter: try parseFilter(filter, for: .experiments),
            orderings: try parseOrderBy(orderBy, for: .experiments),
            maxResults: maxResults,
            pageToken: pageToken
        )
        return page("experiments", { try $0.findExperiments(search) }, write: { $1.write($0) })
    }

    private func updateExperiment(_ message: RequestMessage) throws -> Operation {
        let text = try message.requiredString("experiment_id")
        let name = try message.requiredString("new_name")
        try validateExperimentName(name)
        let id = try parseExperimentID(text)
        return .write { try $0.renameExperiment(id, to: name) }
    }

    private func deleteExperiment(_ message: RequestMessage) throws -> Operation {
        let id = try message.experimentID()
        return .write { try $0.deleteExperiment(id) }
    }

    private func restoreExperiment(_ message: RequestMessage) throws -> Operation {
        let id = try message.experimentID()
        return .write { try $0.restoreExperiment(id) }
    }

    private func setExperimentTag(_ message: RequestMessage) throws -> Operation {
        let text = try message.requiredString("experiment_id")
        let tag = Tag(key: try message.requiredString("key"), value: try message.string("value") ?? "")
        try validateExperimentTag(tag)
        let id = try parseExperimentID(text)
        return .write { try $0.setExperimentTag(tag, experimentID: id) }
    }

    private func deleteExperimentTag(_ message: RequestMessage) throws -> Operation {
        let text = try message.requiredString("experiment_id")
        let key = try message.requiredString("key")
        let id = try parseExperimentID(text)
        return .write { try $0.deleteExperimentTag(key: key, experimentID: id) }
    }

    private func searchDatasets(_ message: RequestMessage) throws -> Operation {
        let texts = try message.strings("experiment_ids") ?? []
        guard !texts.isEmpty else {
            throw TrackingError.invalidParameter("SearchDatasets request must specify at least one experiment_id.")
        }
        guard texts.count <= 20 else {
            throw TrackingError.invalidParameter(
                "SearchDatasets request cannot specify more than 20 experiment_ids. "
                    + "Received \(texts.count) experiment_ids."
            )
        }
        let ids = try texts.map { try parseExperimentID($0) }
        return .read({ try $0.datasetSummaries(experimentIDs: ids) }) { summaries in
            .jsonObject { writer in
                if !summaries.isEmpty {
                    writer.memberArray("dataset_summaries") { writer in
                        for summary in summaries {
                            writer.beginObject()
                            writer.member("experiment_id", String(summary.experimentID))
                            writer.member("name", summary.name)
                            writer.member("digest", summary.digest)
                            writer.member("context", ifPresent: summary.context)
                            writer.endObject()
                        }
                    }
                }
            }
        }
    }
}

extension RequestMessage {
    fileprivate func experimentID() throws(TrackingError) -> Int64 {
        try parseExperimentID(try requiredString("experiment_id"))
    }

    /// Reads a list of tags; a tag without a value gets the empty value.
    func tags(_ name: String) throws(TrackingError) -> [Tag] {
        var tags: [Tag] = []
        for message in try boundedMessages(name) {
            tags.append(Tag(key: try message.string("key") ?? "", value: try message.string("value") ?? ""))
        }
        try validateListTexts(name, tags)
        return tags
    }
}

extension HTTPResponse {
    fileprivate static func experiment(_ experiment: Experiment) -> HTTPResponse {
        .json("experiment") { $0.write(experiment) }
    }
}
