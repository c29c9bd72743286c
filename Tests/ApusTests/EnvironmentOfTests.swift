@testable import apus

extension Environment {
    /// The variables of a test.
    init(_ variables: [String: String]) {
        self.init { variables[$0] }
    }
}

/// What a start was refused with; nil when it was not.
func refusal<Value>(_ attempt: () throws -> Value) -> String? {
    do {
        _ = try attempt()
        return nil
    } catch {
        return StartFailure.message(for: error)
    }
}
