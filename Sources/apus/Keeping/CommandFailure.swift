internal import ArgumentParser
internal import ArtifactStore
internal import Tracking

/// How a command ends that cannot do what it was asked.
enum CommandFailure {
    /// Runs a command; what it throws is told in one line, and the exit status is 1.
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
