internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import MLflowAPI
internal import Synchronization
internal import Tracking

/// Refuses requests above the rate at which one client, or all clients together, may send them.
final class RequestLimits: Sendable {
    private let rate: RequestRate
    private let refused = Atomic<Int>(0)

    /// - Returns: nil if the rate is not limited.
    init?(_ settings: LimitSettings) {
        guard
            let rate = RequestRate(client: settings.clientRequestsPerSecond, server: settings.serverRequestsPerSecond)
        else { return nil }
        self.rate = rate
    }

    var refusals: Int { refused.load(ordering: .relaxed) }

    /// Counts a request, and returns its refusal if the client must wait first; nil if the request is accepted.
    ///
    /// Requests that anyone may send, such as health probes, and requests of commands on the server's machine are not counted.
    func refusal(of request: HTTPRequest, _ access: Access?) -> HTTPResponse? {
        if let access, access.action == .open { return nil }
        guard request.caller.identity == nil || request.caller.owner != nil,
            let refusal = rate.admit(for: request.caller.client)
        else { return nil }
        refused.add(1, ordering: .relaxed)
        let limit =
            refusal.isOfServer
            ? "The server accepts \(refusal.limit) requests a second from all clients together (--server-requests)."
            : "\(request.caller.client.phrase) may send \(refusal.limit) requests a second on average (--client-requests)."
        var response = APIError(
            httpStatus: 429,
            message: "\(limit) Send this one again after \(refusal.seconds) s, or log several things in one request."
        ).response
        response.headers.append(("Retry-After", "\(refusal.seconds)"))
        return response
    }
}
