internal import GraphQL
internal import JSON
internal import Tracking
internal import TrackingStore

/// The root object of a query: each field is one call of the REST API, with the same checks and the same work.
struct QueryObject: GraphQLObject {
    let api: MLflowAPI
    let session: ReadSession

    var typeName: String { "Query" }

    /// The limits of the fields that have pages: those of the REST calls of the same names.
    private static let pages: [String: PageLimits] = [
        "mlflowSearchRuns": .runs, "mlflowSearchModelVersions": .modelVersions,
        "mlflowGetMetricHistoryBulkInterval": .samples,
    ]

    func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        let message = try RequestMessage(field.arguments["input"] ?? .null, Self.pages[field.name])
        switch field.name {
        case "mlflowGetExperiment":
            let id = try parseExperimentID(try message.string("experiment_id") ?? "")
            let experiment = try session.experiment(id: id)
            return .object(ResponseObject("MlflowGetExperimentResponse", "experiment", .object(experiment)))
        case "mlflowGetRun":
            let names = [try message.string("run_id"), try message.string("run_uuid")]
            let run = try session.run(id: names.compactMap { $0 }.first { !$0.isEmpty } ?? "")
            let versions = ModelVersionsOfRuns([run.info.runID])
            let object = RunObject(run: run, session: session, modelVersions: versions)
            return .object(ResponseObject("MlflowGetRunResponse", "run", .object(object)))
        case "mlflowSearchRuns":
            let page = try session.findRuns(try api.runSearch(message))
            return .object(
                ResponseObject("MlflowSearchRunsResponse", "runs", page, session) { runs, session in
                    let versions = ModelVersionsOfRuns(runs.map(\.info.runID))
                    return runs.map { RunObject(run: $0, session: session, modelVersions: versions) }
                }
            )
        case "mlflowSearchModelVersions":
            let page = try session.findModelVersions(try api.modelVersionSearch(message))
            return .object(
                ResponseObject("MlflowSearchModelVersionsResponse", "modelVersions", page, session) { versions, _ in
                    versions
                }
            )
        case "mlflowGetMetricHistoryBulkInterval":
            return .object(
                ResponseObject("MlflowGetMetricHistoryBulkIntervalResponse", "metrics", try points(message))
            )
        default: throw unknownField(field)
        }
    }

    /// Without run ids the list is empty, where the REST call requires at least one run.
    private func points(_ message: RequestMessage) throws -> GraphQLOutput {
        guard try message.strings("run_ids")?.isEmpty == false else { return .list([Metric]()) }
        let sample = try MetricSample(message)
        return .objects { [session] write in
            for (runID, points) in try sample.read(in: session) {
                for point in points { try write(RunMetricObject(runID: runID, key: sample.key, point: point)) }
            }
        }
    }
}

extension GraphQLObject {
    /// The error for a field that the schema has and its object lacks; tests ask every object for every field.
    func unknownField(_ field: GraphQLSelection) -> GraphQLError {
        GraphQLError("The field '\(field.name)' of type '\(typeName)' cannot be answered.")
    }
}

extension RequestMessage {
    /// The input of a field, as the REST call of the same name would get it.
    init(_ input: GraphQLInput, _ pages: PageLimits?) throws(TrackingError) {
        var writer = JSONWriter()
        input.write(to: &writer, memberName: Self.snakeCase)
        try self.init(parsing: writer.takeBytes(), pages)
    }

    /// For example, `experimentId` becomes `experiment_id`.
    private static func snakeCase(_ name: String) -> String {
        var bytes: [UInt8] = []
        for byte in name.utf8 {
            let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            if isCapital { bytes.append(UInt8(ascii: "_")) }
            bytes.append(isCapital ? byte | 0x20 : byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The answer to one call; its `apiError` is always null, because errors are reported beside the data.
struct ResponseObject: GraphQLObject {
    let typeName: String
    private let content: String
    private let value: GraphQLOutput
    private let nextPageToken: String?

    /// - Parameter content: the field that holds the value.
    init(_ typeName: String, _ content: String, _ value: GraphQLOutput, nextPageToken: String? = nil) {
        self.typeName = typeName
        self.content = content
        self.value = value
        self.nextPageToken = nextPageToken
    }

    /// A page of a search, whose entities are read a few at a time.
    ///
    /// - Parameter objects: makes the objects of those that are read together.
    init<Entity>(
        _ typeName: String,
        _ content: String,
        _ page: SearchCursor<Entity>,
        _ session: ReadSession,
        _ objects: @escaping ([Entity], ReadSession) -> [any GraphQLObject]
    ) {
        let value = GraphQLOutput.objects { write in
            try page.forEachPart(in: session) { part in
                for object in objects(part, session) { try write(object) }
            }
        }
        self.init(typeName, content, value, nextPageToken: page.nextPageToken)
    }

    func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        switch field.name {
        case content: value
        case "nextPageToken": .text(nextPageToken ?? "")
        case "apiError": .null
        default: throw unknownField(field)
        }
    }
}

extension SearchCursor {
    /// Calls `body` with every entity of the page, of which only a few are in memory at a time.
    func forEach(in session: ReadSession, _ body: (Entity) throws -> Void) throws {
        try forEachPart(in: session) { for entity in $0 { try body(entity) } }
    }

    /// As `forEach`, with those together that are in memory together.
    func forEachPart(in session: ReadSession, _ body: ([Entity]) throws -> Void) throws {
        var rest = self
        while rest.readCount < rest.count { try body(try rest.next(20, in: session)) }
    }
}
