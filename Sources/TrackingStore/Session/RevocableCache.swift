/// A bounded dictionary that can drop the entries made since the last commit.
///
/// The writer caches values that its open transaction has written; after a rollback, these values are wrong. Used only
/// on the writer's thread.
struct RevocableCache<Key: Hashable, Value> {
    private var values: [Key: Value] = [:]
    private var uncommitted: [Key] = []
    private let capacity: Int

    /// - Parameter capacity: the number of entries above which a commit empties the cache.
    init(capacity: Int) { self.capacity = capacity }

    subscript(key: Key) -> Value? {
        get { values[key] }
        set {
            values[key] = newValue
            uncommitted.append(key)
        }
    }

    mutating func remove(_ key: Key) { values[key] = nil }

    mutating func removeAll() { values.removeAll(keepingCapacity: true) }

    mutating func commit() {
        uncommitted.removeAll(keepingCapacity: true)
        if values.count > capacity { values.removeAll(keepingCapacity: true) }
    }

    /// Drops all entries set since the last commit, including those that replaced an older entry.
    mutating func rollBack() {
        for key in uncommitted { values[key] = nil }
        uncommitted.removeAll(keepingCapacity: true)
    }
}
