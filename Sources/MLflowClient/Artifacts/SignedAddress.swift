internal import HTTPClient
internal import HTTPWire
internal import JSON

/// An address, signed by the tracking server, of one file in a storage.
///
/// The client's credentials are never sent to this address.
struct SignedAddress {
    let client: HTTPClient
    let url: HTTPURL
    /// The header fields that the signature requires.
    let fields: [(name: String, value: String)]

    func request(_ method: HTTPMethod, _ body: RequestBody) -> ClientRequest {
        let host = [(name: "Host", value: url.origin.hostField)]
        return ClientRequest(method, url.target, fields: host + fields, body: body)
    }
}

extension BlockingTrackingClient {
    /// Asks the server for a signed address.
    ///
    /// - Parameters:
    ///   - uri: the artifact URI of the run or model, for the message.
    ///   - route: the route of the call that returns the signed address.
    func signedAddress(
        _ owner: ArtifactOwner,
        _ uri: String,
        _ path: String,
        _ route: String
    ) throws(MLflowError) -> SignedAddress {
        let answer: JSONValue
        do throws(MLflowError) {
            let call = TrackingCall.send(.post, route, .repeatable) { body in
                switch owner {
                case .run(let id): body.member("run_id", id)
                case .loggedModel(let id): body.member("model_id", id)
                }
                body.member("path", path)
            }
            answer = try self.answer(to: call)
        } catch {
            guard let status = error.httpStatus, [400, 404, 405, 501].contains(status) else { throw error }
            throw MLflowError(
                .unreachableArtifacts,
                "the artifacts of \(owner.id) are at \(uri), which \(trackingURI) neither serves nor signs addresses for "
                    + "(\(error.message))",
                outcome: .notCarriedOut
            )
        }
        guard let url = HTTPURL(try answer.requiredText("presigned_url")) else {
            throw .malformed("the signed address does not begin with http:// or https://")
        }
        let fields = answer["headers"]?.members.map { (name: $0.key, value: $0.value.string ?? "") } ?? []
        return SignedAddress(client: try client(at: url.origin), url: url, fields: fields)
    }

    private func client(at origin: HTTPOrigin) throws(MLflowError) -> HTTPClient {
        let configuration = caller.configuration
        do throws(TrackingURIFault) {
            let proxy = try TrackingConnection.proxy(for: origin, configuration.variable)
            if let tls = configuration.tls { return HTTPClient(origin, proxy: proxy, trust: tls.trust) }
            return HTTPClient(origin, proxy: proxy, trust: try TrackingConnection.trust(configuration.variable))
        } catch {
            throw MLflowError(.invalidConfiguration, "\(error.detail). \(error.advice)", outcome: .notCarriedOut)
        }
    }
}
