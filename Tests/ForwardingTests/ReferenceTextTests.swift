import Testing

@testable import Forwarding

@Suite("Texts that name runs and models")
struct ReferenceTextTests {
    private let there = ["m-1a": "m-ff", "m-1a2b": "m-ee"]

    private func text(_ text: String) throws -> String {
        try ReferenceText.replacingIDs(in: text, after: "models:/") { there[$0] }
    }

    @Test(
        "Each id gets that of the other server, and what follows it stays",
        arguments: [
            ("models:/m-1a", "models:/m-ff"),
            ("models:/m-1a2b/weights", "models:/m-ee/weights"),
            (
                "é models:/m-1a, \"models:/m-1a2b\" and models:/m-1a.",
                "é models:/m-ff, \"models:/m-ee\" and models:/m-ff."
            ),
        ]
    )
    func ids(_ here: String, _ expected: String) throws {
        #expect(try text(here) == expected)
    }

    @Test(
        "A text without a known id stays",
        arguments: [
            "", "models:/", "models:/m-1a2", "models:/sales/3", "m-1a", "models:/m-3c models:/m-",
        ]
    )
    func others(_ here: String) throws {
        #expect(try text(here) == here)
    }

    @Test(
        "The logged model of a version is in its source",
        arguments: [
            ("models:/m-1a", "m-1a"),
            ("mlflow-artifacts:/7/models/m-1a/artifacts", "m-1a"),
            ("mlflow-artifacts:/7/models/m-1a/artifacts/sub", "m-1a"),
            ("models:/m-sales/3", nil),
            ("models:/m-sales@champion", nil),
            ("models:/sales/3", nil),
            ("runs:/1a/models/m-1a", nil),
            ("dummy-source", nil),
        ]
    )
    func sources(_ source: String, _ id: String?) {
        #expect(ReferenceText.modelID(ofSource: source) == id)
    }
}
