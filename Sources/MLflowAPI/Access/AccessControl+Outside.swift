internal import HTTPServer
internal import HTTPWire
internal import Tracking
internal import TrackingStore

/// Requests that others vouch for.
extension AccessControl {
    /// Whom a trusted proxy names; nil where none speaks.
    func holderNamedByProxy(_ request: HTTPRequest) -> Result<KnownToken, Failure>? {
        guard let proxy = outside.proxy else { return nil }
        switch proxy.user(of: request) {
        case .none: return nil
        case .unusable(let reason): return .failure(.other(AccessRefusal(refusal: HTTPRefusal(400, reason))))
        case .user(let user):
            // What the proxy knows its user by, such as a cookie, a browser sends for pages of others too.
            guard
                OriginPolicy.sender(of: request, publicOrigin: outside.publicOrigin) != .foreign
                    || request.onlyOpensAPage
            else { return .failure(.other(Self.foreignPage)) }
            return holder(proven: user)
        }
    }

    /// Who holds a token that an issuer has made.
    func holder(ofIssuersToken token: [UInt8], at time: Int64) -> Result<KnownToken, Failure> {
        guard let prove = outside.tokenHolder else { return .failure(.unknownToken) }
        do throws(OutsideUsers.Fault) {
            return holder(proven: try prove(token, time))
        } catch {
            switch error {
            case .refused(let reason):
                return .failure(.other(Self.challenge(reason, advice: "Ask its issuer for a valid one.")))
            case .unready(let reason):
                return .failure(
                    .other(AccessRefusal(refusal: HTTPRefusal(503, reason), fields: [("Retry-After", "1")]))
                )
            }
        }
    }

    /// Who has logged in with the browser that sends a request; nil where no cookie says so.
    func logInHolder(_ request: HTTPRequest) -> Result<KnownToken, Failure>? {
        guard let (known, holder) = current(request) else { return nil }
        let sender = OriginPolicy.sender(of: request, publicOrigin: outside.publicOrigin)
        // A page of another origin must neither change nor read anything by somebody's cookie; a link may be followed.
        let isAccepted =
            request.method.changesState ? sender == .own : sender != .foreign || request.onlyOpensAPage
        guard isAccepted else { return .failure(.other(Self.foreignPage)) }
        let now = currentMilliseconds()
        if known.noteUse(at: now) {
            store.write({ [hash = known.hash] in try $0.noteUse(ofLogIn: hash, at: now) }) { _ in }
        }
        return .success(holder)
    }

    private static let foreignPage = AccessRefusal(
        refusal: HTTPRefusal(
            403,
            "A log-in of a browser counts for requests of the server's own pages alone, and this one comes from another page or "
                + "does not say where it comes from (Origin, Sec-Fetch-Site). Programs send a token."
        )
    )
}

extension HTTPRequest {
    /// Whether somebody follows a link or enters an address, so that no page can read the answer.
    fileprivate var onlyOpensAPage: Bool {
        (method == .get || method == .head) && header("sec-fetch-mode") == "navigate" && header("origin") == nil
    }
}
