/// The error for an unusable value of an environment variable that tells a client how to connect.
package struct ClientSettingFault: Error, Sendable {
    /// What is wrong; begins with the name of the variable.
    package let detail: String
    /// What to change, as a sentence.
    package let advice: String
}
