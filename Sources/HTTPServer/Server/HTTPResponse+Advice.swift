import Budgets
import HTTPWire

extension HTTPResponse {
    /// Says to one who was turned away when to come again, unless the answer says so already.
    mutating func advise(_ overload: Overload) {
        guard status == 429 || status == 503, header("retry-after") == nil else { return }
        headers.append(("Retry-After", String(overload.retryAfter())))
    }
}
