import Budgets

/// Steps of the work for the client.
extension ServerConnection {
    /// Begins a step, unless it has begun; false if the client has used more than its share of the server's time.
    ///
    /// The loop then calls `goOn` later, and the connection tries again.
    func beginStep() -> Bool {
        if step != nil { return true }
        if isResting { return false }
        guard let share = caller.timeShare, !loop.isDraining else { return true }
        step = loop.beginStep(of: share, for: id, turn: caller.turn)
        if step == nil {
            isResting = true
            clearDeadline()
        }
        return step != nil
    }

    /// Ends the step in progress.
    func endStep() {
        step?.end()
        step = nil
    }

    /// Goes on after a rest.
    ///
    /// - Parameter step: the step that has begun; nil if the connection must not rest any more.
    func goOn(with step: TimeShare.Step?) {
        isResting = false
        self.step = step
        drive()
    }
}
