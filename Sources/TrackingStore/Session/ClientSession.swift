internal import Budgets
internal import SQLite

/// What reads and writes have in common: the database, and a client to which some of it may be hidden.
///
/// What is hidden is not there for the client: the look-ups by id, which stand in extensions of this protocol, fail with
/// the errors for what does not exist, and searches leave it out.
protocol ClientSession: AnyObject {
    var connection: Connection { get }
    var caller: Caller { get }
}

extension ClientSession {
    /// The only experiments that are there for the client; nil for all.
    var seenExperiments: Set<Int64>? { caller.identity?.experiments }

    /// Whether an experiment, and everything that belongs to it, is there for the client.
    func sees(experiment id: Int64) -> Bool { seenExperiments?.contains(id) ?? true }

    /// Of some experiments those that are there for the client.
    func seen(_ experimentIDs: [Int64]) -> [Int64] {
        guard let seenExperiments else { return experimentIDs }
        return experimentIDs.filter(seenExperiments.contains)
    }
}

extension ReadSession: ClientSession {}
extension WriteSession: ClientSession {}
