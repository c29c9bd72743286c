internal import Filter
internal import GraphQL
internal import HTTPWire
internal import JSON
internal import Tracking

extension MLflowAPI {
    /// The endpoint `/graphql`, which MLflow's pages use to read experiments, runs and metrics.
    ///
    /// As in MLflow, an invalid query or an unknown id is answered with status 200 and a message in `errors`. The
    /// endpoint declares no resource ids, because the fields of each query determine what it reads.
    var graphQLEndpoints: [[Endpoint]] {
        [endpoint(.post, .root, "graphql", .search(.unnamed(.experiment), .unnamed(.run)), graphQL)]
    }

    private func graphQL(_ message: RequestMessage) throws -> Operation {
        let query = try message.requiredString("query")
        let operationName = try message.string("operationName")
        var variables: JSONValue?
        if case .json(let value)? = try message.field("variables") { variables = value }
        let request: GraphQLRequest
        do throws(GraphQLError) {
            let schema = try trackingSchema.get()
            request = try GraphQLRequest(query, operationName: operationName, variables: variables, schema: schema)
        } catch {
            return .answered(.graphQL(error.answer))
        }
        return .read { session in
            do {
                let root = QueryObject(api: self, session: session)
                return try request.answer(from: root, reportable: Self.reportableMessage)
            } catch let error as GraphQLError {
                return error.answer
            }
        } encode: {
            .graphQL($0)
        }
    }

    /// Returns the message of an error that is reported in `errors`, because the client can act on it.
    ///
    /// Returns nil for an error that is answered with an error status, such as an overloaded server.
    private static func reportableMessage(_ error: any Error) -> String? {
        switch error {
        case let error as TrackingError:
            switch error.code {
            case .invalidParameterValue, .badRequest, .resourceAlreadyExists, .resourceDoesNotExist,
                .permissionDenied, .quotaExceeded, .tooManyBytes, .invalidState, .notImplemented:
                error.message
            case .temporarilyUnavailable, .databaseLocked, .outcomeUnknown, .insufficientStorage, .internalError: nil
            }
        case let error as FilterError: error.message
        default: nil
        }
    }
}

extension HTTPResponse {
    fileprivate static func graphQL(_ answer: [UInt8]) -> HTTPResponse {
        HTTPResponse(contentType: "application/json", bytes: answer)
    }
}
