/// A bounded dictionary whose entries made since the last commit can be taken back.
///
/// The writer fills it with facts of the transaction under way; when that transaction is rolled back, those
/// facts are no longer true. Only touched on the writer's thread.
struct RevocableCache<Key: Hashable, Value> {
    private var values: [Key: Value] = [:]
    private var uncommitted: [Key] = []
    private let capacity: Int

    /// - Parameter capacity: number of entries at which the cache is emptied after a commit.
    init(capacity: Int) {
        self.capacity = capacity
    }

    subscript(key: Key) -> Value? {
        get { values[key] }
        set {
            values[key] = newValue
            uncommitted.append(key)
        }
    }

    mutating func remove(_ key: Key) {
        values[key] = nil
    }

    mutating func removeAll() {
        values.removeAll(keepingCapacity: true)
    }

    mutating func commit() {
        uncommitted.removeAll(keepingCapacity: true)
        if values.count > capacity {
            values.removeAll(keepingCapacity: true)
        }
    }

    /// An entry that was overwritten is forgotten too: the next look-up reads what is true.
    mutating func rollBack() {
        for key in uncommitted {
            values[key] = nil
        }
        uncommitted.removeAll(keepingCapacity: true)
    }
}
