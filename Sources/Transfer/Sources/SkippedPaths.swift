/// Collects the parts of a source that cannot be read, each one once, until they are reported as skipped.
final class SkippedPaths {
    private var known: Set<String> = []
    private var new: [(path: String, reason: String)] = []

    func add(_ path: String, _ reason: String) {
        if known.insert(path).inserted { new.append((path, reason)) }
    }

    /// Reports what was added since the last call.
    func report(to emit: (TransferItem) throws -> Void) throws {
        defer { new = [] }
        for (path, reason) in new { try emit(.skipped(path, reason)) }
    }
}
