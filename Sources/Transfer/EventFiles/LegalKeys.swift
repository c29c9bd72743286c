internal import Coding
internal import Hashing
internal import Tracking

/// Gives each name of one run a key that MLflow's rules for keys allow.
///
/// A key depends only on its name and earlier names, so that it does not change when a file grows. No two names get the same key.
struct LegalKeys {
    private var keys: [ExactText: String] = [:]
    private var usedKeys: Set<ExactText> = []
    /// The names whose keys differ from the names.
    private(set) var changes: [(name: String, key: String)] = []

    /// Returns the key of a name; chooses one at the first call.
    mutating func key(of name: String) -> String {
        if let key = keys[ExactText(name)] { return key }
        var key = legalKey(name)
        if usedKeys.contains(ExactText(key)) {
            let digest = Hexadecimal.text(SHA256.digest(of: Array(name.utf8)))
            // Only names that were made to collide have hashes with the same first digits.
            let suffixed = [8, 64].map { legalKey(name, suffix: "-\(digest.prefix($0))") }
            key = suffixed.first { !usedKeys.contains(ExactText($0)) } ?? digest
        }
        keys[ExactText(name)] = key
        usedKeys.insert(ExactText(key))
        if !key.isExactly(name) { changes.append((name, key)) }
        return key
    }
}
