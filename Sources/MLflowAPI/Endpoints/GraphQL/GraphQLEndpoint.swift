internal import Budgets
internal import Filter
internal import GraphQL
internal import JSON
internal import Tracking
internal import TrackingStore

extension MLflowAPI {
    /// `/graphql`, by which MLflow's pages read experiments, runs and metrics.
    ///
    /// What is wrong with a query, and what is not found, is told in `errors` with status 200, as in the reference.
    var graphQLEndpoints: [Endpoint] {
        [Endpoint(method: "POST", path: "/graphql", handling: messageHandling(graphQL))]
    }

    private func graphQL(_ message: RequestMessage) throws -> Operation {
        let query = try message.requiredString("query")
        let operationName = try message.string("operationName")
        var variables: JSONValue?
        if case .json(let value)? = try message.field("variables") { variables = value }
        let request: GraphQLRequest
        do throws(GraphQLError) {
            request = try GraphQLRequest(
                query,
                operationName: operationName,
                variables: variables,
                schema: try trackingSchema.get()
            )
        } catch {
            return .answer(.graphQL(data: nil, errors: [error.message]))
        }
        return .read(QueryObject.cost(of: request)) { session in
            let root = QueryObject(api: self, session: session)
            do {
                let (data, errors) = try request.answer(from: root, reportable: Self.reportableMessage)
                return .graphQL(data: data, errors: errors)
            } catch let error as GraphQLError {
                return .graphQL(data: nil, errors: [error.message])
            }
        }
    }

    /// What a client can do something about stands in the answer; a server that cannot read now says so with a status.
    private static func reportableMessage(_ error: any Error) -> String? {
        switch error {
        case let error as TrackingError:
            switch error.code {
            case .invalidParameterValue, .badRequest, .resourceAlreadyExists, .resourceDoesNotExist,
                .permissionDenied, .invalidState, .notImplemented:
                error.message
            case .temporarilyUnavailable, .databaseLocked, .insufficientStorage, .internalError: nil
            }
        case let error as FilterError: error.message
        default: nil
        }
    }
}

extension APIResponse {
    /// - Parameter data: a JSON object.
    fileprivate static func graphQL(data: [UInt8]?, errors: [String]) -> APIResponse {
        .json(capacity: (data?.count ?? 0) + 256) { writer in
            writer.beginObject()
            writer.key("data")
            if let data { writer.raw(data) } else { writer.null() }
            writer.key("errors")
            if errors.isEmpty {
                writer.null()
            } else {
                writer.beginArray()
                for error in errors { writer.string(error) }
                writer.endArray()
            }
            writer.endObject()
        }
    }
}
