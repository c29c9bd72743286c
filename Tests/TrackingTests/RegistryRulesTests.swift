import Testing
import Tracking

@Suite struct RegistryRulesTests {
    @Test(arguments: ["", " ", "a/b", "a:b", ".", "..", "..a", "/"])
    func `a name that no model can have is refused`(name: String) {
        #expect(throws: TrackingError.self) { try validateModelName(name) }
    }

    @Test(arguments: ["a", "é", "a b", "a\\b", "a..", "損失"])
    func `any other name is legal`(name: String) throws {
        try validateModelName(name)
    }

    @Test(arguments: ["a\0b", String(repeating: "n", count: 1_201)])
    func `a name that no query can hold is not given`(name: String) throws {
        try validateModelName(name)
        #expect(throws: TrackingError.self) { try validateNewModelName(name) }
    }

    @Test func `a name as long as a query can hold is given`() throws {
        try validateNewModelName(String(repeating: "🙂", count: 1_200))
    }

    @Test(arguments: [("1", 1), ("01", 1), ("-1", -1), ("0", 0)])
    func `a version is a number`(text: String, number: Int64) throws {
        #expect(try parseModelVersion(text) == number)
    }

    @Test(arguments: ["", "x", "1.0", " 1", "1_0", "+1", "--1", "-"])
    func `what is no plain number is no version`(text: String) {
        #expect(throws: TrackingError.self) { try parseModelVersion(text) }
    }

    @Test func `a number that is too large for any version is just not found`() throws {
        #expect(try parseModelVersion("99999999999999999999") == nil)
    }

    @Test(arguments: ["latest", "LaTest", "v1", "V12", "v١"])
    func `an alias that clients read otherwise is reserved`(alias: String) throws {
        try validateModelAlias(alias)
        #expect(throws: TrackingError.self) { try validateUnreservedAlias(alias) }
    }

    @Test(arguments: ["", "a b", "a.b", "a\n", String(repeating: "a", count: 256)])
    func `an alias has letters, digits, underscores and dashes only`(alias: String) {
        #expect(throws: TrackingError.self) { try validateModelAlias(alias) }
    }

    @Test(arguments: ["champ", "é-_1", "v1a", "v"]) func `any other alias is free`(alias: String) throws {
        try validateModelAlias(alias)
        try validateUnreservedAlias(alias)
    }

    @Test func `a stage is read in any case of its letters`() throws {
        #expect(try ModelStage(parsing: "pRODUCTION") == .production)
        #expect(throws: TrackingError.self) { try ModelStage(parsing: "Deleted_Internal") }
    }

    @Test func `of several tags with one key the last counts`() {
        let tags = [Tag(key: "b", value: "1"), Tag(key: "a", value: "x"), Tag(key: "b", value: "2")]
        #expect(tags.lastOfEachKey == [Tag(key: "a", value: "x"), Tag(key: "b", value: "2")])
        let prompt = [Tag(key: Tag.isPromptKey, value: "false"), Tag(key: Tag.isPromptKey, value: "True")]
        #expect(prompt.belongToPrompt)
        #expect(!Array(prompt.reversed()).belongToPrompt)
    }

    @Test func `the list of versions of a logged model grows as Python writes it`() {
        let version = ModelVersion(
            name: "é\"",
            version: 2,
            creationTime: 0,
            lastUpdatedTime: 0,
            stage: .none,
            description: nil,
            source: "",
            runID: "",
            runLink: ""
        )
        let entry = #"{"name": "\u00e9\"", "version": 2}"#
        #expect(version.appended(toList: nil) == "[\(entry)]")
        #expect(version.appended(toList: "[]") == "[\(entry)]")
        #expect(version.appended(toList: "[ ]") == "[\(entry)]")
        #expect(version.appended(toList: "[1]") == "[1, \(entry)]")
        #expect(version.appended(toList: "[\(entry)]") == "[\(entry), \(entry)]")
    }
}
