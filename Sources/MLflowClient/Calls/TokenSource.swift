internal import Dispatch
internal import Synchronization

/// Keeps the token of a provider, and asks the provider for another token if the server refuses it.
final class TokenSource: Sendable {
    private let provider: @Sendable () throws -> String
    private let current = Mutex<String?>(nil)
    /// The queue on which the provider is asked for one token at a time; callers that wait meanwhile use the same new token.
    private let renewals = DispatchQueue(label: "mlflow-token")

    init(_ provider: @escaping @Sendable () throws -> String) { self.provider = provider }

    /// Returns the current token; the first call asks the provider, which may block.
    func token() throws(MLflowError) -> String {
        if let token = current.withLock({ $0 }) { return token }
        return try renewedToken(after: nil)
    }

    /// Returns the token that follows the refused one (nil: the first token); asks for it, unless another caller has done so.
    func renewedToken(after refused: String?) throws(MLflowError) -> String {
        let result = renewals.sync { () -> Result<String, MLflowError> in
            if let token = current.withLock({ $0 }), token != refused { return .success(token) }
            do {
                let token = try provider()
                guard ClientCredentials.isSendable(token) else {
                    let message = "the provider's token is empty, or contains a space or a character outside ASCII"
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

    /// Replaces the current token in a text of the server with `***`.
    func redacted(_ text: String) -> String {
        guard let token = current.withLock({ $0 }) else { return text }
        return text.replacing(token, with: "***")
    }
}
