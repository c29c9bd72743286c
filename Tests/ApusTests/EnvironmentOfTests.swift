@testable import apus

extension Environment {
    /// Creates an environment with only these variables.
    init(_ variables: [String: String]) {
        self.init { variables[$0] }
    }
}

/// The message of the error that `attempt` throws; nil if it throws none.
func refusal<Value>(_ attempt: () throws -> Value) -> String? {
    do {
        _ = try attempt()
        return nil
    } catch {
        return StartFailure.message(for: error)
    }
}
