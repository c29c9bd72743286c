/// Collects the paths of a source that were not read, each path once, until they are reported.
final class PassedOver {
    private var known: Set<String> = []
    private var new: [(place: String, reason: String)] = []

    func note(_ place: String, _ reason: String) {
        if known.insert(place).inserted { new.append((place, reason)) }
    }

    /// Reports what was noted since the last call.
    func report(to take: (TransferItem) throws -> Void) throws {
        defer { new = [] }
        for (place, reason) in new { try take(.skipped(place, reason)) }
    }
}
