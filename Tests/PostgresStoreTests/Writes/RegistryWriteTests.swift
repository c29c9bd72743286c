import Filter
import PostgresStore
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct RegistryWriteTests {
    @Test func `random requests to the registry have the same answers over both databases`() throws {
        let seed = testSeed()
        let stores = try SameWrites()
        var random = RandomRegistryRequests(seed: seed)
        try stores.remember("RUN") { session, _ in
            let new = NewRun(experimentID: 0, userID: "", name: "r", startTime: 1, tags: [])
            return try session.createRun(new).info.runID
        }
        try stores.remember("MODEL") { session, id in try session.createLoggedModel(.sample(of: id("RUN"))).info.modelID
        }
        for number in 0..<400 {
            let (what, request) = random.next()
            let answers = stores.write(request)
            #expect(answers.postgres == answers.sqlite, "\(seed), \(number): \(what)")
        }
        for name in RandomRegistryRequests.names {
            let models = stores.read { session, _ in "\(try session.registeredModel(named: name))" }
            #expect(models.postgres == models.sqlite, "\(seed)")
            let latest = stores.read { session, _ in "\(try session.latestVersions(ofModel: name))" }
            #expect(latest.postgres == latest.sqlite, "\(seed)")
        }
        let model = stores.read { session, id in "\(try session.loggedModel(id: id("MODEL"), allowsDeleted: true).tags)"
        }
        #expect(model.postgres == model.sqlite)
        let versions = stores.read { session, _ in
            let search = RegistrySearch(filter: [], orderings: [], maxResults: 1_000, pageToken: nil)
            let found = try session.findModelVersions(search).whole(in: session)
            return found.map { "\($0.name) \($0.version) \($0.stage)" }.sorted().joined(separator: "\n")
        }
        #expect(versions.postgres == versions.sqlite)
    }

    @Test func `the number of a deleted version is not used again, and MLflow does not see the version`() throws {
        let store = try PostgresStoreFixture()
        let numbers = try store.write { session in
            _ = try session.createRegisteredModel(name: "m", description: "", tags: [])
            var numbers: [Int64] = []
            for _ in 0..<3 {
                let version = try session.createModelVersion(.sample(of: "m"), workingDirectory: "/")
                numbers.append(version.version)
                try session.deleteModelVersion(try ModelVersionKey(name: "m", version: "\(version.version)"))
            }
            return numbers
        }
        #expect(numbers == [1, 2, 3])
        #expect(try store.texts("SELECT DISTINCT current_stage FROM model_versions") == ["Deleted_Internal"])
    }

    @Test func `a number that a server of MLflow has taken is left out`() throws {
        let store = try PostgresStoreFixture()
        try store.write { _ = try $0.createRegisteredModel(name: "m", description: "", tags: []) }
        try store.execute(
            "INSERT INTO model_versions (name, version, current_stage, source) VALUES ('m', 1, 'None', 's'), ('m', 4, 'None', 's')"
        )
        let version = try store.write { try $0.createModelVersion(.sample(of: "m"), workingDirectory: "/").version }
        #expect(version == 5)
    }

    @Test func `a renamed model keeps its versions, tags and aliases`() throws {
        let store = try PostgresStoreFixture()
        let model = try store.write { session in
            _ = try session.createRegisteredModel(name: "m", description: "d", tags: [Tag(key: "t", value: "1")])
            let new = NewModelVersion.sample(of: "m", tags: [Tag(key: "v", value: "2")])
            _ = try session.createModelVersion(new, workingDirectory: "/")
            try session.setModelAlias("best", version: try ModelVersionKey(name: "m", version: "1"))
            return try session.renameRegisteredModel("m", to: "n")
        }
        #expect(model.tags == [Tag(key: "t", value: "1")] && model.aliases == [ModelAlias(alias: "best", version: 1)])
        #expect(model.latestVersions.first?.tags == [Tag(key: "v", value: "2")])
        #expect(try store.texts("SELECT name FROM model_version_tags") == ["n"])
    }

    @Test func `what belongs to another workspace of MLflow is not there`() throws {
        let store = try PostgresStoreFixture()
        try store.execute("INSERT INTO registered_models (workspace, name) VALUES ('other', 'm')")
        let search = RegistrySearch(filter: [], orderings: [], maxResults: 10, pageToken: nil)
        let found = try store.read { session in try session.findRegisteredModels(search).count }
        #expect(found == 0)
        #expect(
            trackingError { _ = try store.read { try $0.registeredModel(named: "m") } }?.code == .resourceDoesNotExist
        )
    }
}

/// Requests to the registry at random, many of which must fail.
private struct RandomRegistryRequests {
    static let names = ["a", "B", "é"]
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    private mutating func one<Element>(of elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &generator)]
    }

    private mutating func tags() -> [Tag] {
        let tags = [
            Tag(key: "t", value: "1"), Tag(key: "t", value: "2"), Tag(key: "u", value: ""), Tag.promptMark,
            Tag(key: Tag.isPromptKey, value: "False"),
        ]
        return (0..<Int.random(in: 0...2, using: &generator)).map { _ in one(of: tags) }
    }

    /// A request, and what it is for messages.
    mutating func next() -> (String, SameWrites.Request) {
        let (name, other) = (one(of: Self.names), one(of: Self.names))
        let number = one(of: ["1", "2", "3", "4", "99", "99999999999999999999"])
        let (alias, stage, archives) = (
            one(of: ["best", "Next"]), one(of: ModelStage.allCases), one(of: [true, false])
        )
        let (tags, text) = (tags(), one(of: ["", "words"]))
        let key = one(of: ["t", "u", Tag.isPromptKey])
        let description = "\(name) \(other) \(number) \(alias) \(stage) \(tags) \(key)"
        let kind = Int.random(in: 0..<14, using: &generator)
        let request: SameWrites.Request =
            switch kind {
            case 0: { session, _ in "\(try session.createRegisteredModel(name: name, description: text, tags: tags))" }
            case 1: { session, _ in "\(try session.updateRegisteredModel(name, description: text))" }
            case 2: { session, _ in "\(try session.renameRegisteredModel(name, to: other))" }
            case 3:
                { session, _ in
                    if number == "1" { try session.deleteRegisteredModel(name) }
                    return ""
                }
            case 4:
                { session, _ in
                    for tag in tags { try session.setRegisteredModelTag(tag, model: name) }
                    return ""
                }
            case 5:
                { session, _ in
                    try session.deleteRegisteredModelTag(key: key, model: name)
                    return ""
                }
            case 6:
                { session, _ in
                    try session.setModelAlias(alias, version: try ModelVersionKey(name: name, version: number))
                    return ""
                }
            case 7:
                { session, _ in
                    try session.deleteModelAlias(alias, model: name)
                    return ""
                }
            case 8:
                { session, _ in
                    let key = try ModelVersionKey(name: name, version: number)
                    return "\(try session.updateModelVersion(key, description: text.isEmpty ? nil : text))"
                }
            case 9:
                { session, _ in
                    let key = try ModelVersionKey(name: name, version: number)
                    return "\(try session.moveModelVersion(key, to: stage, archivesOthers: archives))"
                }
            case 10:
                { session, _ in
                    if archives { try session.deleteModelVersion(try ModelVersionKey(name: name, version: number)) }
                    return ""
                }
            case 11:
                { session, _ in
                    let version = try ModelVersionKey(name: name, version: number)
                    if archives { try session.deleteModelVersionTag(key: key, version: version) }
                    for tag in tags { try session.setModelVersionTag(tag, version: version) }
                    return ""
                }
            default:
                { session, id in
                    let new = NewModelVersion(
                        name: name,
                        source: source(number, other, alias, id),
                        runID: archives ? id("RUN") : nil,
                        modelID: alias == "best" && !archives ? id("MODEL") : nil,
                        runLink: "",
                        description: text,
                        tags: tags
                    )
                    return "\(try session.createModelVersion(new, workingDirectory: "/"))"
                }
            }
        return ("\(kind) \(description)", request)
    }
}

/// The source of a new version, of one of the kinds that there are.
private func source(_ kind: String, _ model: String, _ alias: String, _ id: (String) -> String) -> String {
    switch kind {
    case "1": "s3://bucket/x"
    case "2": "models:/\(model)/1"
    case "3": "models:/\(model)@\(alias)"
    case "4": "models:/\(id("MODEL"))"
    case "99": "runs:/\(id("RUN"))/model"
    default: "models:/\(model)/Production"
    }
}

extension NewLoggedModel {
    fileprivate static func sample(of runID: String) -> NewLoggedModel {
        NewLoggedModel(experimentID: 0, name: "m", modelType: "", sourceRunID: runID, params: [], tags: [])
    }
}
