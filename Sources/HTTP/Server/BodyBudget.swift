import Synchronization

/// The memory that all buffered bodies may hold together.
final class BodyBudget: Sendable {
    private let used = Atomic<Int>(0)
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    fileprivate func take(_ count: Int) -> Bool {
        let result = used.wrappingAdd(count, ordering: .relaxed)
        if result.newValue <= limit { return true }
        used.wrappingSubtract(count, ordering: .relaxed)
        return false
    }

    fileprivate func giveBack(_ count: Int) {
        used.wrappingSubtract(count, ordering: .relaxed)
    }
}

/// One request's share of the budget, given back when released.
final class BodyReservation: Sendable {
    private let budget: BodyBudget
    private let held = Atomic<Int>(0)

    init(_ budget: BodyBudget) {
        self.budget = budget
    }

    /// Takes that many bytes more; false, with nothing taken, when the budget is spent.
    func grow(by count: Int) -> Bool {
        guard budget.take(count) else { return false }
        held.wrappingAdd(count, ordering: .relaxed)
        return true
    }

    deinit {
        budget.giveBack(held.load(ordering: .relaxed))
    }
}
