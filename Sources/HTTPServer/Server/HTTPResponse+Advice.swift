import Budgets
import HTTPWire

extension HTTPResponse {
    /// Adds Retry-After to a 429 or 503 that does not have this field yet.
    mutating func addRetryAfter(_ overload: Overload) {
        guard status == 429 || status == 503, header("retry-after") == nil else { return }
        headers.append(("Retry-After", String(overload.retryAfter())))
    }
}
