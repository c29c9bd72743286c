/// A bounded dictionary whose entries made since the last commit can be taken back.
///
/// The writer fills it with facts of the transaction under way; when that transaction or its current savepoint is rolled
/// back, those facts are no longer true. Only touched on the writer's thread.
struct RevocableCache<Key: Hashable, Value> {
    private var values: [Key: Value] = [:]
    private var uncommitted: [Key] = []
    private var savepoint = 0
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

    mutating func beginSavepoint() {
        savepoint = uncommitted.count
    }

    mutating func commit() {
        uncommitted.removeAll(keepingCapacity: true)
        savepoint = 0
        if values.count > capacity {
            values.removeAll(keepingCapacity: true)
        }
    }

    mutating func rollBack() {
        forget(from: 0)
        savepoint = 0
    }

    mutating func rollBackToSavepoint() {
        forget(from: savepoint)
    }

    /// An entry that was overwritten is forgotten too: the next look-up reads what is true.
    private mutating func forget(from start: Int) {
        for key in uncommitted[start...] {
            values[key] = nil
        }
        uncommitted.removeSubrange(start...)
    }
}
