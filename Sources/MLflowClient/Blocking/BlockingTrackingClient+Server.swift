internal import HTTPClient
internal import HTTPWire

extension BlockingTrackingClient {
    /// The blocking form of ``TrackingClient/checkHealth()``.
    public func checkHealth() throws(MLflowError) {
        let call = TrackingCall(method: .get, path: "/health", repetition: .repeatable)
        let reply = try caller.reply(to: call, interruption)
        guard !reply.beginsWithTag else {
            throw .malformed("\(trackingURI) answers with a page: it is not an MLflow server", .answer(reply))
        }
    }

    /// The blocking form of ``TrackingClient/version()``.
    public func version() throws(MLflowError) -> String {
        let call = TrackingCall(method: .get, path: "/version", repetition: .repeatable)
        let reply = try caller.reply(to: call, interruption)
        let text = String(decoding: reply.body.prefix(101), as: UTF8.self).filter { !$0.isWhitespace }
        guard (1...100).contains(text.utf8.count), !reply.beginsWithTag else {
            throw .malformed("\(trackingURI) does not say its version", .answer(reply))
        }
        return text
    }
}
