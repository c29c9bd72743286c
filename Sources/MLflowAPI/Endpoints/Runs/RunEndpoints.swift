internal import Budgets
internal import Filter
internal import HTTPWire
internal import JSON
internal import Tracking
internal import TrackingStore

extension MLflowAPI {
    var runEndpoints: [[Endpoint]] {
        let creation = Access.change(.experiment).audited(creating: .resource(.run), "experiment_id", "run_name")
        return [
            endpoint(.post, .tracking, "runs/create", creation, createRun),
            endpoint(.get, .tracking, "runs/get", .lookUp(.run), getRun),
            endpoint(.post, .tracking, "runs/update", .change(.run).audited("status", "run_name"), updateRun),
            endpoint(.post, .tracking, "runs/delete", .change(.runID).audited(), deleteRun),
            endpoint(.post, .tracking, "runs/restore", .change(.runID).audited(), restoreRun),
            endpoint(.post, .tracking, "runs/search", .search(.experiments), pages: .runs, searchRuns),
        ]
    }

    private func createRun(_ message: RequestMessage) throws -> Operation {
        let experimentID = try message.string("experiment_id") ?? ""
        let startTime = try message.integer("start_time") ?? 0
        let name = try message.boundedString("run_name") ?? ""
        let userID = try message.boundedString("user_id") ?? ""
        let tags = try message.tags("tags")
        guard !experimentID.isEmpty else {
            throw TrackingError(
                .badRequest,
                "A run needs an experiment: set 'experiment_id', for example to \"0\", the Default experiment."
            )
        }
        try Self.requireUniqueKeys(tags.map(\.key), kind: "tag")
        guard !tags.contains(where: { $0.key == Tag.runNameKey && $0.value.isEmpty }) else {
            throw TrackingError(.badRequest, "The tag 'mlflow.runName' is empty; leave it out or give the run a name.")
        }
        let runID = try message.string("run_id") ?? ""
        if !runID.isEmpty { try validateNewRunID(runID) }
        let new = NewRun(
            runID: runID.isEmpty ? nil : runID,
            experimentID: try parseExperimentID(experimentID),
            userID: userID,
            name: name,
            startTime: startTime,
            tags: tags
        )
        let note = { @Sendable (run: Run) in AuditNote.created(run.info.runID) }
        let encode = { @Sendable (run: Run) in HTTPResponse.run(run, showsOutputs: false) }
        // With `.create`, a repeated request gets the run that the first one created. Without a start time, requests for
        // different runs may be equal, so an equal one is not taken for a repetition.
        if startTime == 0 { return .write({ try $0.createRun(new) }, auditNote: note, encode: encode) }
        return .create("run", { try $0.createRun(new) }, entity: { .run($0.info) }, auditNote: note, encode: encode)
    }

    private func getRun(_ message: RequestMessage) throws -> Operation {
        let runID = try message.requiredRunID()
        return .read({ try $0.run(id: runID) }, encode: { .run($0, showsOutputs: true) })
    }

    private func updateRun(_ message: RequestMessage) throws -> Operation {
        let runID = try message.requiredRunID()
        let endTime = try message.integer("end_time")
        let status = try message.enumeration("status", as: RunStatus.self)
        let name = try message.boundedString("run_name")
        return .write({ try $0.updateRun(runID, status: status, endTime: endTime, name: name) }) { info in
            .json("run_info") { $0.write(info) }
        }
    }

    private func deleteRun(_ message: RequestMessage) throws -> Operation {
        let runID = try message.requiredRunIDOnly()
        return .write { session in
            try session.deleteRun(runID)
            return settings.isAudited ? try session.nameAndExperiment(ofDeletedRun: runID) : nil
        } auditNote: { run in
            .details(run.map { [("run_name", $0.name), ("experiment_id", String($0.experimentID))] } ?? [])
        } encode: { _ in
            .empty
        }
    }

    private func restoreRun(_ message: RequestMessage) throws -> Operation {
        let runID = try message.requiredRunIDOnly()
        return .write { try $0.restoreRun(runID) }
    }

    private func searchRuns(_ message: RequestMessage) throws -> Operation {
        let search = try runSearch(message)
        return page("runs", { try $0.findRuns(search) }, write: { $1.write($0) })
    }

    func runSearch(_ message: RequestMessage) throws -> RunSearch {
        let experimentIDs = try message.strings("experiment_ids") ?? []
        let filter = try message.string("filter") ?? ""
        let pageSize = try message.pageSize()
        let orderBy = try message.strings("order_by") ?? []
        let viewType = try message.enumeration("run_view_type", as: ViewType.self) ?? .activeOnly
        let maxResults = try message.checkedPageSize(pageSize)
        let comparisons = try parseFilter(filter, for: .runs)
        let orderings = try parseOrderBy(orderBy, for: .runs)
        return RunSearch(
            experimentIDs: try experimentIDs.map { try parseExperimentID($0) },
            viewType: viewType,
            filter: comparisons,
            orderings: orderings,
            maxResults: maxResults,
            pageToken: try message.string("page_token")
        )
    }
}

extension RequestMessage {
    /// Reads `run_id` in a call that does not accept `run_uuid`.
    ///
    /// For a request with only `run_uuid`, MLflow answers that the run does not exist; so does this function.
    func requiredRunIDOnly() throws(TrackingError) -> String {
        if try field("run_id", isRequired: true) == nil, try field("run_uuid", isRequired: true) != nil {
            throw .doesNotExist("Run with id= not found. Use 'run_id': this call does not accept 'run_uuid'.")
        }
        return try requiredString("run_id")
    }
}

extension HTTPResponse {
    fileprivate static func run(_ run: Run, showsOutputs: Bool) -> HTTPResponse {
        .json("run", capacity: 2_048) { $0.write(run, showsOutputs: showsOutputs) }
    }
}
