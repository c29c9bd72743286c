internal import JSON

/// Cuts what is to be logged into bodies of log-batch that every server takes.
struct LogBatches {
    /// The largest numbers of things in one call, and the largest body, as the reference server has them.
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

    /// What one more body can hold.
    private struct Room {
        var bytes: Int
        var items = Limits.items
    }

    init(runID: String, metrics: [Metric], params: [Param], tags: [Tag]) {
        self.runID = runID
        self.metrics = metrics[...]
        self.params = params[...]
        self.tags = tags[...]
    }

    /// The next body; nil when all is in the bodies before.
    mutating func next() -> [UInt8]? {
        guard !metrics.isEmpty || !params.isEmpty || !tags.isEmpty else { return nil }
        // The names of the members and the id.
        var room = Room(bytes: Limits.bytes - 100 - runID.utf8.count)
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("run_id", runID)
        // Params and tags first: they tell what a run is while its points are still arriving.
        Self.move(&params, Limits.params, &room, "params", &writer) { $1.pair($0.key, $0.value) }
        Self.move(&tags, Limits.tags, &room, "tags", &writer) { $1.pair($0.key, $0.value) }
        Self.move(&metrics, Limits.items, &room, "metrics", &writer) { $0.write(to: &$1) }
        writer.endObject()
        return writer.takeBytes()
    }

    /// Moves as many of the first things as fit into a member of the body.
    ///
    /// A single thing that is too large goes alone, for the server to refuse.
    private static func move<Thing>(
        _ things: inout ArraySlice<Thing>,
        _ limit: Int,
        _ room: inout Room,
        _ name: StaticString,
        _ writer: inout JSONWriter,
        _ write: (Thing, inout JSONWriter) -> Void
    ) {
        guard !things.isEmpty else { return }
        writer.key(name)
        writer.beginArray()
        var count = 0
        while let thing = things.first, count < limit, room.items > 0 {
            var single = JSONWriter()
            write(thing, &single)
            let bytes = single.takeBytes()
            let isFirst = room.items == Limits.items
            guard bytes.count < room.bytes || isFirst else { break }
            writer.raw(bytes)
            room.bytes -= bytes.count + 1
            room.items -= 1
            count += 1
            things.removeFirst()
        }
        writer.endArray()
    }
}
