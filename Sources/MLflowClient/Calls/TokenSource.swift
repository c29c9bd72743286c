internal import Dispatch
internal import Synchronization

/// Keeps the token of a provider, and asks for another one when it is refused.
final class TokenSource: Sendable {
    private let provider: @Sendable () throws -> String
    private let current = Mutex<String?>(nil)
    /// Lets one caller at a time ask the provider; the others wait for its token.
    private let line = DispatchQueue(label: "mlflow-token")

    init(_ provider: @escaping @Sendable () throws -> String) {
        self.provider = provider
    }

    /// The token to send.
    func token() throws(MLflowError) -> String {
        if let token = current.withLock({ $0 }) { return token }
        return try renewed(after: nil)
    }

    /// Another token than the one that was refused; the provider is asked unless another caller has done so meanwhile.
    func renewed(after refused: String?) throws(MLflowError) -> String {
        let result = line.sync { () -> Result<String, MLflowError> in
            if let token = current.withLock({ $0 }), token != refused { return .success(token) }
            do {
                let token = try provider()
                guard ClientCredentials.isSendable(token) else {
                    let message = "the provider's token is empty, or holds a blank or a character outside ASCII"
                    return .failure(MLflowError(.noToken, message, outcome: .notCarriedOut))
                }
                current.withLock { $0 = token }
                return .success(token)
            } catch {
                let message = "the provider of tokens failed: \(error)"
                return .failure(MLflowError(.noToken, message, outcome: .notCarriedOut))
            }
        }
        return try result.get()
    }

    /// Replaces the token in a text from the server.
    func redacted(_ text: String) -> String {
        guard let token = current.withLock({ $0 }) else { return text }
        return text.replacing(token, with: "***")
    }
}
