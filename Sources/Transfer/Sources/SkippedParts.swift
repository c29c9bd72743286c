/// Collects the parts of a source that are not read, such as files or rows, until they are reported as skipped; reports each
/// part once.
final class SkippedParts {
    private var parts: Set<String> = []
    private var unreported: [(part: String, reason: String)] = []

    func add(_ part: String, _ reason: String) {
        if parts.insert(part).inserted { unreported.append((part, reason)) }
    }

    /// Reports the parts that were added since the last call.
    func report(to emit: (TransferItem) throws -> Void) throws {
        defer { unreported = [] }
        for (part, reason) in unreported { try emit(.skipped(part, reason)) }
    }
}
