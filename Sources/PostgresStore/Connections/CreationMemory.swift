internal import Tracking

/// The answers of creations whose clients may not have received them; kept when the writer connects again.
///
/// Used only on the writer's thread.
final class CreationMemory {
    private var creations = UnconfirmedCreations()

    /// Runs `make`, or returns the answer of an identical creation that the client may not have received, if `stands` accepts it.
    func answer<Answer: Sendable>(
        to creation: Creation,
        stands: (Answer) throws -> Bool,
        _ make: () throws -> Answer
    ) throws -> Answer {
        let now = ContinuousClock.now
        if let answer = creations.answer(for: creation, at: now) as? Answer, try stands(answer) { return answer }
        let answer = try make()
        creations.remember(answer, for: creation, at: now)
        return answer
    }

    func commit() { creations.commit() }

    /// Forgets what was created since the last commit.
    func rollBack() { creations.rollBack() }
}
