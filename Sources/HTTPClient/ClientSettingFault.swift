/// The error for an environment variable that tells a client how to connect, and has a value that cannot be used.
package struct ClientSettingFault: Error, Sendable {
    /// What is wrong; begins with the name of the variable.
    package let detail: String
    /// What to change, as a sentence.
    package let advice: String

    package init(_ detail: String, _ advice: String) {
        self.detail = detail
        self.advice = advice
    }
}
