internal import JSON

/// Divides metrics, params and tags into bodies of `runs/log-batch` that every server accepts.
struct LogBatches {
    /// MLflow's limits for one call: the number of items, and the size of the body.
    private enum Limits {
        static let items = 1_000
        static let params = 100
        static let tags = 100
        static let bytes = 1_000_000
    }

    private let runID: String
    private var metrics: ArraySlice<Metric>
    private var params: ArraySlice<Param>
    private var tags: ArraySlice<Tag>

    /// The numbers of bytes and items that still fit into the current body.
    private struct RemainingSpace {
        var bytes: Int
        var items = Limits.items
    }

    init(runID: String, metrics: [Metric], params: [Param], tags: [Tag]) {
        self.runID = runID
        self.metrics = metrics[...]
        self.params = params[...]
        self.tags = tags[...]
    }

    /// Returns the next body; nil if everything has been returned.
    mutating func next() -> [UInt8]? {
        guard !metrics.isEmpty || !params.isEmpty || !tags.isEmpty else { return nil }
        // 100 bytes are reserved for the names of the members.
        var space = RemainingSpace(bytes: Limits.bytes - 100 - runID.utf8.count)
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("run_id", runID)
        // Params and tags are sent first, so that they can be seen while points are still being sent.
        Self.move(&params, Limits.params, &space, "params", &writer) { $1.pair($0.key, $0.value) }
        Self.move(&tags, Limits.tags, &space, "tags", &writer) { $1.pair($0.key, $0.value) }
        Self.move(&metrics, Limits.items, &space, "metrics", &writer) { $0.write(to: &$1) }
        writer.endObject()
        return writer.takeBytes()
    }

    /// Moves items from the beginning of a list into a member of the body, as many as fit.
    ///
    /// An item that is too large for any body is sent alone, and the server refuses it.
    private static func move<Item>(
        _ items: inout ArraySlice<Item>,
        _ limit: Int,
        _ space: inout RemainingSpace,
        _ name: StaticString,
        _ writer: inout JSONWriter,
        _ write: (Item, inout JSONWriter) -> Void
    ) {
        guard !items.isEmpty else { return }
        writer.key(name)
        writer.beginArray()
        var count = 0
        while let item = items.first, count < limit, space.items > 0 {
            var single = JSONWriter()
            write(item, &single)
            let bytes = single.takeBytes()
            let isFirst = space.items == Limits.items
            guard bytes.count < space.bytes || isFirst else { break }
            writer.raw(bytes)
            space.bytes -= bytes.count + 1
            space.items -= 1
            count += 1
            items.removeFirst()
        }
        writer.endArray()
    }
}
