package import HTTPWire

/// Whether a request is answered by its route.
package enum HTTPAdmission: Sendable {
    case admitted
    /// The response is the answer.
    case refused(HTTPResponse)
    /// Somebody has to find out something first: the closure begins that without blocking, and has its parameter called, on any
    /// thread, when the request is to be looked at again.
    case undecided(@Sendable (_ decided: @escaping @Sendable () -> Void) -> Void)
}
