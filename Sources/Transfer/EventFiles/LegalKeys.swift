internal import Coding
internal import Hashing
internal import Tracking

/// The keys that the names of one run get, where MLflow's rules for keys are narrower.
///
/// A name keeps the key that it got first, so that a file that grows changes none. No two names get the same key.
struct LegalKeys {
    private var keys: [ExactText: String] = [:]
    private var taken: Set<ExactText> = []
    /// The names whose keys differ from them.
    private(set) var changes: [(name: String, key: String)] = []

    /// The key of a name.
    mutating func key(of name: String) -> String {
        if let key = keys[ExactText(name)] { return key }
        var key = legalKey(name)
        if taken.contains(ExactText(key)) {
            let digest = Hexadecimal.text(SHA256.digest(of: Array(name.utf8)))
            // Beyond the first digits, only names that were made for it collide.
            let suffixed = [8, 64].map { legalKey(name, suffix: "-\(digest.prefix($0))") }
            key = suffixed.first { !taken.contains(ExactText($0)) } ?? digest
        }
        keys[ExactText(name)] = key
        taken.insert(ExactText(key))
        if !key.isExactly(name) { changes.append((name, key)) }
        return key
    }
}
