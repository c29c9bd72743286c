internal import Budgets
internal import Filter
internal import JSON
internal import Tracking
internal import TrackingStore

extension MLflowAPI {
    var runEndpoints: [Endpoint] {
        endpoint("POST", "runs/create", createRun)
            + endpoint("GET", "runs/get", getRun)
            + endpoint("POST", "runs/update", updateRun)
            + endpoint("POST", "runs/delete", deleteRun)
            + endpoint("POST", "runs/restore", restoreRun)
            + endpoint("POST", "runs/search", searchRuns)
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
        var keys: Set<ExactText> = []
        for tag in tags where !keys.insert(ExactText(tag.key)).inserted {
            throw TrackingError(.badRequest, "The tag \(quotedJSON(tag.key)) is given twice; give each tag once.")
        }
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
        // Without its time a body says the same for every run that is meant.
        return startTime == 0
            ? .write { .run(try $0.createRun(new), showsOutputs: false) }
            : .create("run") { .run(try $0.createRun(new), showsOutputs: false) }
    }

    private func getRun(_ message: RequestMessage) throws -> Operation {
        let runID = try message.requiredRunID()
        return .read(.cheap) { session in .run(try session.run(id: runID), showsOutputs: true) }
    }

    private func updateRun(_ message: RequestMessage) throws -> Operation {
        let runID = try message.requiredRunID()
        let endTime = try message.integer("end_time")
        let status = try message.enumeration("status", as: RunStatus.self)
        let name = try message.boundedString("run_name")
        return .write { session in
            let info = try session.updateRun(runID, status: status, endTime: endTime, name: name)
            return .json { writer in
                writer.beginObject()
                writer.key("run_info")
                writer.write(info)
                writer.endObject()
            }
        }
    }

    private func deleteRun(_ message: RequestMessage) throws -> Operation {
        let runID = try message.requiredRunIDOnly()
        return .write { session in
            try session.deleteRun(runID)
            return .empty
        }
    }

    private func restoreRun(_ message: RequestMessage) throws -> Operation {
        let runID = try message.requiredRunIDOnly()
        return .write { session in
            try session.restoreRun(runID)
            return .empty
        }
    }

    private func searchRuns(_ message: RequestMessage) throws -> Operation {
        let search = try runSearch(message)
        return .read { session in
            try answer("runs", try session.findRuns(search), in: session) { $1.write($0) }
        }
    }

    /// What a request to search runs asks for.
    func runSearch(_ message: RequestMessage) throws -> RunSearch {
        let experimentIDs = try message.strings("experiment_ids") ?? []
        let filter = try message.string("filter") ?? ""
        let maxResults = try message.integer("max_results") ?? 1_000
        guard maxResults <= Self.maximumResults else {
            throw (try message.field("max_results"))?.invalid("max_results") ?? RequestMessage.missing("max_results")
        }
        let orderBy = try message.strings("order_by") ?? []
        let viewType = try message.enumeration("run_view_type", as: ViewType.self) ?? .activeOnly
        guard maxResults >= 1 else {
            throw TrackingError.invalidParameter(
                "Invalid value \(maxResults) for parameter 'max_results' supplied. It must be a positive integer"
            )
        }
        let comparisons = try parseFilter(filter, for: .runs)
        let orderings = try parseOrderBy(orderBy, for: .runs)
        return RunSearch(
            experimentIDs: try experimentIDs.map { try parseExperimentID($0) },
            viewType: viewType,
            filter: comparisons,
            orderings: orderings,
            maxResults: Int(maxResults),
            pageToken: try message.string("page_token")
        )
    }
}

extension RequestMessage {
    /// The run of a request that takes no `run_uuid`: the reference lets the old name pass and then finds no run.
    func requiredRunIDOnly() throws(TrackingError) -> String {
        if try field("run_id", isRequired: true) == nil, try field("run_uuid", isRequired: true) != nil {
            throw .doesNotExist("Run with id= not found. Name the run with 'run_id': this call takes no 'run_uuid'.")
        }
        return try requiredString("run_id")
    }
}

extension APIResponse {
    fileprivate static func run(_ run: Run, showsOutputs: Bool) -> APIResponse {
        .json(capacity: 2_048) { writer in
            writer.beginObject()
            writer.key("run")
            writer.write(run, showsOutputs: showsOutputs)
            writer.endObject()
        }
    }
}
