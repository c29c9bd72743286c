/// Collects the parts of a source that cannot be read, until they are reported as skipped; reports each part once.
final class SkippedPaths {
    private var paths: Set<String> = []
    private var unreported: [(path: String, reason: String)] = []

    func add(_ path: String, _ reason: String) {
        if paths.insert(path).inserted { unreported.append((path, reason)) }
    }

    /// Reports the paths that were added since the last call.
    func report(to emit: (TransferItem) throws -> Void) throws {
        defer { unreported = [] }
        for (path, reason) in unreported { try emit(.skipped(path, reason)) }
    }
}
