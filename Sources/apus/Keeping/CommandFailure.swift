internal import ArgumentParser
internal import ArtifactStore
internal import Tracking

/// Reports the errors of commands.
enum CommandFailure {
    /// Runs the body of a command.
    ///
    /// If it throws, prints the error as one line and ends with exit status 1.
    static func reporting(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as ExitCode {
            throw error
        } catch {
            let message =
                switch error {
                case let error as TrackingError: error.message
                case let error as ArtifactError: error.message(for: "")
                default: StartFailure.message(for: error)
                }
            StandardStream.error.write("apus: \(message)")
            throw ExitCode.failure
        }
    }
}
