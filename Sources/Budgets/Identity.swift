/// Who sends requests, as a credential has shown, and what is there for that one.
///
/// The same object stands for all requests with one credential until what it may do changes.
package final class Identity: Sendable {
    /// The name under which the credential was made.
    package let name: String
    /// The ids of the experiments outside which nothing is there for this identity; nil if nothing is hidden.
    package let experiments: Set<Int64>?

    package init(name: String, experiments: Set<Int64>? = nil) {
        self.name = name
        self.experiments = experiments
    }

    /// Whether what belongs to an experiment is there for this identity.
    package func sees(experiment id: Int64) -> Bool { experiments?.contains(id) ?? true }
}
