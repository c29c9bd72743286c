internal import GraphQL
internal import JSON
internal import Tracking

/// The root object of a query.
///
/// Each field of the object returns the same data as a call of the REST API.
struct QueryObject: GraphQLObject {
    let api: MLflowAPI
    let session: any TrackingReading

    var typeName: String { "Query" }

    /// The page limits of fields, which are the limits of the corresponding REST calls.
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
            let ids = [try message.string("run_id"), try message.string("run_uuid")]
            let run = try session.run(id: ids.compactMap { $0 }.first { !$0.isEmpty } ?? "")
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
            return .object(ResponseObject("MlflowGetMetricHistoryBulkIntervalResponse", "metrics", try points(message)))
        default: throw unknownField(field)
        }
    }

    /// Returns sampled points of a metric.
    ///
    /// If the message names no run, the list is empty, whereas the REST call requires a run id.
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
    /// Returns the error for a field of the schema that its object does not know.
    ///
    /// Tests query every field of every object, so this error should never occur.
    func unknownField(_ field: GraphQLSelection) -> GraphQLError {
        GraphQLError("The field '\(field.name)' of type '\(typeName)' cannot be answered.")
    }
}

extension RequestMessage {
    /// Converts the input of a field to the message of the corresponding REST call.
    init(_ input: GraphQLInput, _ pages: PageLimits?) throws(TrackingError) {
        var writer = JSONWriter()
        input.write(to: &writer, memberName: Self.snakeCase)
        try self.init(parsing: writer.takeBytes(), pages)
    }

    /// Converts a name to snake_case: `experimentId` becomes `experiment_id`.
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

/// The answer to one call.
///
/// The field `apiError` is always null, because errors are reported in `errors`.
struct ResponseObject: GraphQLObject {
    let typeName: String
    private let valueField: String
    private let value: GraphQLOutput
    private let nextPageToken: String?

    /// - Parameter valueField: the name of the field that returns the value.
    init(_ typeName: String, _ valueField: String, _ value: GraphQLOutput, nextPageToken: String? = nil) {
        self.typeName = typeName
        self.valueField = valueField
        self.value = value
        self.nextPageToken = nextPageToken
    }

    /// Creates the answer to a search.
    ///
    /// The entities of the page are read a few at a time.
    ///
    /// - Parameter objects: returns the objects for entities that were read together.
    init<Entity>(
        _ typeName: String,
        _ valueField: String,
        _ page: SearchCursor<Entity>,
        _ session: any TrackingReading,
        _ objects: @escaping ([Entity], any TrackingReading) -> [any GraphQLObject]
    ) {
        let value = GraphQLOutput.objects { write in
            try page.forEachPart(in: session) { part in
                for object in objects(part, session) { try write(object) }
            }
        }
        self.init(typeName, valueField, value, nextPageToken: page.nextPageToken)
    }

    func value(of field: GraphQLSelection) throws -> GraphQLOutput {
        switch field.name {
        case valueField: value
        case "nextPageToken": .text(nextPageToken ?? "")
        case "apiError": .null
        default: throw unknownField(field)
        }
    }
}

extension SearchCursor {
    /// Calls `body` with each entity of the page; only 20 entities are in memory at a time.
    func forEach(in session: any TrackingReading, _ body: (Entity) throws -> Void) throws {
        try forEachPart(in: session) { for entity in $0 { try body(entity) } }
    }

    /// Calls `body` with up to 20 entities at a time, until it has got all entities of the page.
    func forEachPart(in session: any TrackingReading, _ body: ([Entity]) throws -> Void) throws {
        var rest = self
        while rest.readCount < rest.count { try body(try rest.next(20, in: session)) }
    }
}
