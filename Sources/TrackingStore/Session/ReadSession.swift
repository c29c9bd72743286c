package import SQLite

/// The store as one read request sees it: one moment in time over all its statements.
///
/// Handed to the closure of `TrackingStore.read` inside a read transaction, and used nowhere else.
package final class ReadSession: ReaderContext {
    package let connection: Connection
    /// The processor time that one search of models or versions may take.
    package var searchLimit = Duration.seconds(10)
    private var keyNames: [Int64: String] = [:]

    /// Interned keys are never renamed or removed, so that what was read once stays true.
    private static let rememberedKeys = 20_000

    init(connection: Connection) {
        self.connection = connection
    }

    /// The text of an interned key.
    func keyName(_ id: Int64) throws -> String {
        if let known = keyNames[id] { return known }
        let select = try connection.query("SELECT name FROM keys WHERE id = ?1", id)
        defer { select.reset() }
        guard try select.step() else {
            throw StoreCorruption("no key has the id \(id)")
        }
        if keyNames.count >= Self.rememberedKeys { keyNames.removeAll(keepingCapacity: true) }
        let name = select.string(0)
        keyNames[id] = name
        return name
    }
}

/// The database says something that Apus never writes; answered as an internal error and logged.
struct StoreCorruption: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension Connection {
    /// The id of an interned key; nil when no run ever used it.
    func keyID(for name: String) throws -> Int64? {
        let select = try query("SELECT id FROM keys WHERE name = ?1", name)
        defer { select.reset() }
        return try select.step() ? select.int64(0) : nil
    }
}
