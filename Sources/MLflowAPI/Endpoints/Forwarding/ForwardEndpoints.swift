internal import Budgets
internal import Forwarding
internal import HTTPServer
internal import HTTPWire
internal import JSON
internal import Tracking
internal import TrackingStore

extension MLflowAPI {
    /// The calls about forwarding to an upstream server; `docs/own-calls.md` describes them.
    var forwardEndpoints: [[Endpoint]] {
        let drain = Self.forwardChange.unaudited
        let namedChange = Self.forwardChange.audited("run_ids")
        return [
            endpoint(
                .post,
                .apus,
                "forward/status",
                .search(.store, .runs("run_ids")),
                handler: .blocking(forwardStatus)
            ),
            endpoint(.post, .apus, "forward/retry", namedChange, auditing: retryForwarding),
            endpoint(.post, .apus, "forward/skip", namedChange, auditing: skipForwarding),
            endpoint(.post, .apus, "forward/drain", drain, handler: .blocking(drainForwarding)),
        ]
    }

    private static let forwardChange = Access.administer(.server)

    /// The maximum number of runs in one answer.
    private static let maximumRuns = 1_000

    private func withForwarder(
        _ request: HTTPRequest,
        _ responder: HTTPResponder,
        _ body: (Forwarder, RequestMessage, HTTPRequest) throws -> HTTPResponse
    ) {
        do {
            guard let forwarder = settings.forwarder else {
                throw TrackingError(
                    .resourceDoesNotExist,
                    "This server does not forward to another server; start it with --upstream."
                )
            }
            responder.send(
                // The access matters only if `body` throws `AccessChanged`, which in SQLite only changes do.
                try whileAdmitted(request, Self.forwardChange) { request in
                    try body(forwarder, try RequestMessage(request), request)
                }
            )
        } catch { responder.send(response(to: error)) }
    }

    private func forwardStatus(_ request: HTTPRequest, _ responder: HTTPResponder) {
        withForwarder(request, responder) { forwarder, message, request in
            let runIDs = try message.strings("run_ids")
            let limit = Int(try message.integer("max_results") ?? 100)
            guard (0...Self.maximumRuns).contains(limit) else {
                throw TrackingError.invalidParameter("'max_results' must be from 0 to \(Self.maximumRuns).")
            }
            let token = try message.string("page_token")
            guard let start = token.map({ Int64($0) }) ?? Int64.min else {
                throw TrackingError.invalidParameter("'page_token' is invalid. Send the token of an earlier answer.")
            }
            let report = try ForwardReport(
                of: localStore,
                upstream: forwarder.status.upstream,
                runIDs: runIDs,
                after: start,
                limit: limit,
                forwarder: forwarder,
                for: request.caller
            )
            return .jsonObject { writer in
                writer.members(of: forwarder.status, for: request.caller)
                writer.members(of: report)
            }
        }
    }

    private func retryForwarding(_ request: HTTPRequest, _ responder: HTTPResponder, _ audit: AuditEntry?) {
        withForwarder(request, responder) { forwarder, message, request in
            guard let runIDs = try message.strings("run_ids") else {
                // A retry of all runs changes nothing in the store, so there is nothing to audit.
                forwarder.retryAll()
                return .forwarding(forwarder.status, for: request.caller)
            }
            let count = try forwarder.retry(runIDs, for: request.caller, audit)
            return .forwarding(forwarder.status, for: request.caller, runs: count)
        }
    }

    private func skipForwarding(_ request: HTTPRequest, _ responder: HTTPResponder, _ audit: AuditEntry?) {
        withForwarder(request, responder) { forwarder, message, request in
            guard let runIDs = try message.strings("run_ids"), !runIDs.isEmpty else {
                throw TrackingError.invalidParameter("'run_ids' is missing: name the runs to skip.")
            }
            let count = try forwarder.skip(runIDs, for: request.caller, audit)
            return .forwarding(forwarder.status, for: request.caller, runs: count)
        }
    }

    /// Makes the forwarder send everything that waits, without the usual delay and pauses; answers before it is sent.
    private func drainForwarding(_ request: HTTPRequest, _ responder: HTTPResponder) {
        withForwarder(request, responder) { forwarder, _, request in
            forwarder.drain()
            return .forwarding(forwarder.status, for: request.caller)
        }
    }
}

extension HTTPResponse {
    fileprivate static func forwarding(_ status: ForwardStatus, for caller: Caller, runs: Int? = nil) -> HTTPResponse {
        .jsonObject { writer in
            writer.member("runs", ifPresent: runs.map { Int64($0) })
            writer.members(of: status, for: caller)
        }
    }
}
