internal import Forwarding
internal import Glibc
internal import Synchronization

/// A command of the operator that prints a token for the upstream.
///
/// The shell runs the command. This is safe because the command contains nothing that clients have sent.
final class UpstreamTokenCommand: Sendable {
    private struct State {
        var authorization: String?
        var lastRun: ContinuousClock.Instant?
        var failure: UpstreamFailure?
    }

    /// The command is not run again within this time: a token that is so new has not expired, so a new one would be refused too.
    private static let shortestInterval = Duration.seconds(20)
    private static let timeLimit = Duration.seconds(60)
    private static let maximumBytes = 65_536

    private let command: String
    private let state = Mutex(State())

    init(_ command: String) { self.command = command }

    /// Returns the value of the Authorization field, and runs the command if there is no token yet.
    ///
    /// - Parameter refused: the value that the upstream has just refused, so that the command is run again; nil otherwise.
    /// - Returns: nil if the refused token is so new that the command is not run again.
    func authorization(after refused: String? = nil) throws(UpstreamFailure) -> String? {
        // While one thread runs the command, other threads wait here for the token.
        let result = state.withLock { state -> Result<String?, UpstreamFailure> in
            if let authorization = state.authorization, authorization != refused { return .success(authorization) }
            if let last = state.lastRun, ContinuousClock.now - last < Self.shortestInterval {
                if let failure = state.failure { return .failure(failure) }
                return .success(refused == nil ? state.authorization : nil)
            }
            state.lastRun = .now
            do throws(UpstreamFailure) {
                state.authorization = "Bearer \(try run())"
                state.failure = nil
                return .success(state.authorization)
            } catch {
                state.failure = error
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func run() throws(UpstreamFailure) -> String {
        let output: ProgramOutput
        do {
            output = try ProgramOutput(
                of: ["/bin/sh", "-c", command],
                within: Self.timeLimit,
                maximumBytes: Self.maximumBytes
            )
        } catch {
            let reason =
                switch error {
                case .notStarted(let code): "cannot be started (\(String(cString: strerror(code))))"
                case .timedOut: "did not end within \(Self.timeLimit.components.seconds) s"
                case .outputTooLong: "printed more than \(Self.maximumBytes) bytes"
                }
            throw UpstreamFailure(.credentials, "the token command \(reason)")
        }
        guard output.status == 0 else { throw UpstreamFailure(.credentials, "the token command failed") }
        let token = output.text.filter { !$0.isWhitespace }
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw UpstreamFailure(.credentials, "the token command printed no token")
        }
        return token
    }
}
