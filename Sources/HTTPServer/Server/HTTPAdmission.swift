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

/// Looks once more at requests whose body came after what admitted them had changed.
package struct HTTPReadmission: Sendable {
    /// Grows with each change by which a request that was admitted may not be any more; costs little.
    package let version: @Sendable () -> Int
    /// Decides again about a request whose body is complete.
    ///
    /// Called on the loop, with what was noted about the request when its head was there; must not block.
    package let check: @Sendable (inout HTTPRequest) -> HTTPAdmission

    package init(
        version: @escaping @Sendable () -> Int,
        check: @escaping @Sendable (inout HTTPRequest) -> HTTPAdmission
    ) {
        self.version = version
        self.check = check
    }
}
