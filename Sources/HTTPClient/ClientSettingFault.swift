/// Why a variable of the environment that tells a client how to connect cannot be followed.
package struct ClientSettingFault: Error, Sendable {
    /// What is wrong, beginning with the name of the variable.
    package let detail: String
    package let advice: String

    package init(_ detail: String, _ advice: String) {
        self.detail = detail
        self.advice = advice
    }
}
