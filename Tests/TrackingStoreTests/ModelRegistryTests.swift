import Filter
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct ModelRegistryTests {
    private let fixture: StoreFixture

    init() throws {
        fixture = try StoreFixture()
    }

    private func createModel(_ name: String, tags: [Tag] = []) throws {
        try fixture.write { _ = try $0.createRegisteredModel(name: name, description: "", tags: tags) }
    }

    @discardableResult
    private func createVersion(
        _ name: String,
        source: String = "s3://b/x",
        runID: String? = nil,
        tags: [Tag] = []
    ) throws
        -> ModelVersion
    {
        let new = NewModelVersion.sample(of: name, source: source, runID: runID, tags: tags)
        return try fixture.write { try $0.createModelVersion(new, workingDirectory: "/server") }
    }

    private func key(_ name: String, _ version: Int64) throws -> ModelVersionKey {
        try ModelVersionKey(name: name, version: String(version))
    }

    private func versions(_ filter: String = "", orderBy: [String] = []) throws -> [String] {
        let search = RegistrySearch(
            filter: try parseFilter(filter, for: .modelVersions),
            orderings: try parseOrderBy(orderBy, for: .modelVersions),
            maxResults: 100,
            pageToken: nil
        )
        return try fixture.read { session in
            try session.searchModelVersions(search).items.map { "\($0.name)/\($0.version)" }
        }
    }

    private func models(_ filter: String = "") throws -> [String] {
        let search = RegistrySearch(
            filter: try parseFilter(filter, for: .registeredModels),
            orderings: [],
            maxResults: 100,
            pageToken: nil
        )
        return try fixture.read { try $0.searchRegisteredModels(search).items.map(\.name) }
    }

    @Test func `versions asked for at once get consecutive numbers`() throws {
        try createModel("m")
        let outcomes = (0..<50).map { _ in
            fixture.submit { try $0.createModelVersion(.sample(of: "m"), workingDirectory: "/").version }
        }
        #expect(try outcomes.map { try $0.wait().get() }.sorted() == Array(1...50))
    }

    @Test func `a model whose highest version number is used up gets no further version`() throws {
        let model = RegisteredModel(name: "full", creationTime: 1, lastUpdatedTime: 1, description: "")
        let transferred = TransferredRegisteredModel(model: model, lastVersion: Int64(Int32.max) - 1)
        try fixture.write { _ = try $0.importRecords([.registeredModel(transferred)]) }
        #expect(try createVersion("full").version == Int64(Int32.max))
        let refusal = trackingError { try createVersion("full") }
        #expect(refusal?.code == .invalidParameterValue)
        #expect(refusal?.message.contains("under another name") == true)
    }

    @Test func `the number of a deleted version is not given again`() throws {
        try createModel("m")
        try createVersion("m")
        let second = try key("m", try createVersion("m").version)
        try fixture.write { try $0.deleteModelVersion(second) }
        #expect(try createVersion("m").version == 3)
    }

    @Test func `a deleted version leaves nothing of itself, and no alias`() throws {
        try createModel("m")
        let version = try key(
            "m",
            try createVersion("m", source: "s3://secret/x", tags: [Tag(key: "a", value: "b")]).version
        )
        try fixture.write { session in
            try session.setModelAlias("champ", version: version)
            try session.deleteModelVersion(version)
        }
        for table in ["model_versions", "model_version_tags", "registered_model_aliases"] {
            #expect(try fixture.rows("SELECT * FROM \(table)").isEmpty)
        }
    }

    @Test func `a renamed model keeps its versions, tags and aliases`() throws {
        try createModel("old", tags: [Tag(key: "a", value: "b")])
        let version = try key("old", try createVersion("old").version)
        let model = try fixture.write { session in
            try session.setModelAlias("champ", version: version)
            return try session.renameRegisteredModel("old", to: "new")
        }
        #expect(model.name == "new" && model.tags.count == 1 && model.latestVersions.map(\.name) == ["new"])
        #expect(try fixture.read { try $0.modelVersion(named: "new", alias: "champ").name } == "new")
        #expect(
            trackingError { _ = try fixture.read { try $0.registeredModel(named: "old") } }?.code
                == .resourceDoesNotExist
        )
    }

    @Test func `a model is not renamed to a name that is taken`() throws {
        try createModel("a")
        try createModel("b")
        let error = trackingError { _ = try fixture.write { try $0.renameRegisteredModel("a", to: "b") } }
        #expect(error?.code == .resourceAlreadyExists)
        #expect(try models() == ["a", "b"])
    }

    @Test func `a deleted model takes everything along and its successor begins at version 1`() throws {
        try createModel("m", tags: [Tag(key: "a", value: "b")])
        let version = try key("m", try createVersion("m", tags: [Tag(key: "a", value: "b")]).version)
        try fixture.write { session in
            try session.setModelAlias("champ", version: version)
            try session.deleteRegisteredModel("m")
        }
        for table in [
            "model_versions", "model_version_tags", "registered_model_tags", "registered_model_aliases",
            "registered_models",
        ] {
            #expect(try fixture.rows("SELECT * FROM \(table)").isEmpty)
        }
        try createModel("m")
        #expect(try createVersion("m").version == 1)
    }

    @Test func `the latest version of each stage is shown, the stage of the oldest version first`() throws {
        try createModel("m")
        for _ in 1...4 { try createVersion("m") }
        for (version, stage) in [(1, ModelStage.production), (3, .production), (4, .archived)] {
            let key = try key("m", Int64(version))
            try fixture.write { _ = try $0.moveModelVersion(key, to: stage, archivesOthers: false) }
        }
        #expect(try fixture.read { try $0.registeredModel(named: "m").latestVersions.map(\.version) } == [3, 2, 4])
    }

    @Test func `a move may archive those that are in the stage`() throws {
        try createModel("m")
        for _ in 1...3 { try createVersion("m") }
        for version in 1...3 {
            let key = try key("m", Int64(version))
            try fixture.write { _ = try $0.moveModelVersion(key, to: .staging, archivesOthers: true) }
        }
        let stages = try fixture.read { session in
            try (1...3).map { try session.modelVersion(try ModelVersionKey(name: "m", version: "\($0)")).stage }
        }
        #expect(stages == [.archived, .archived, .staging])
    }

    @Test func `searches leave prompts out unless the filter asks for them`() throws {
        let mark = Tag(key: Tag.isPromptKey, value: "true")
        try createModel("model")
        try createModel("prompt", tags: [mark])
        try createVersion("model")
        try createVersion("prompt", source: "dummy-source", tags: [mark])
        #expect(try models() == ["model"])
        #expect(try models("tags.`mlflow.prompt.is_prompt` = 'true'") == ["prompt"])
        #expect(try models("tags.`mlflow.prompt.is_prompt` != 'false'") == ["prompt"])
        #expect(try models("tags.`mlflow.prompt.is_prompt` != 'true'") == ["model"])
        #expect(try versions() == ["model/1"])
        #expect(try versions("tags.`mlflow.prompt.is_prompt` = 'true'") == ["prompt/1"])
    }

    @Test func `whether a model or a version is a prompt follows its tags`() throws {
        let mark = Tag(key: Tag.isPromptKey, value: "true")
        try createModel("m")
        try createVersion("m")
        try createVersion("m")
        let second = try key("m", 2)
        try fixture.write { session in
            try session.setRegisteredModelTag(mark, model: "m")
            try session.setModelVersionTag(mark, version: second)
        }
        #expect(try models().isEmpty)
        #expect(try versions().isEmpty)
        try createVersion("m")
        #expect(try versions().isEmpty)
        try fixture.write { session in
            try session.deleteRegisteredModelTag(key: Tag.isPromptKey, model: "m")
            try session.setModelVersionTag(Tag(key: Tag.isPromptKey, value: "false"), version: second)
        }
        #expect(try models() == ["m"])
        #expect(try versions().count == 3)
    }

    @Test func `with its last tagged version a model stops being a prompt`() throws {
        let mark = Tag(key: Tag.isPromptKey, value: "true")
        try createModel("m")
        try createVersion("m")
        for _ in 2...3 { try createVersion("m", source: "dummy-source", tags: [mark]) }
        for version: Int64 in 2...3 {
            #expect(try versions().isEmpty)
            let tagged = try key("m", version)
            try fixture.write { try $0.deleteModelVersion(tagged) }
        }
        #expect(try versions() == ["m/1"])
        try createVersion("m")
        #expect(try versions().count == 2)
    }

    @Test func `a new version that is tagged makes prompts of those before it`() throws {
        try createModel("m")
        for _ in 1...2 { try createVersion("m") }
        try createVersion("m", tags: [Tag(key: Tag.isPromptKey, value: "false")])
        #expect(try versions().count == 3)
        try createVersion("m", source: "dummy-source", tags: [Tag(key: Tag.isPromptKey, value: "true")])
        #expect(try versions().isEmpty)
    }

    @Test func `filters and orders of versions`() throws {
        try createModel("a")
        try createModel("b")
        try createVersion("a", runID: "r1", tags: [Tag(key: "t", value: "x")])
        try createVersion("b", runID: "r2", tags: [Tag(key: "t", value: "y")])
        try createVersion("a")
        #expect(try versions("name = 'a'", orderBy: ["version_number"]) == ["a/1", "a/2"])
        #expect(try versions("run_id IN ('r1', 'r2')", orderBy: ["name"]) == ["a/1", "b/1"])
        #expect(try versions("run_id = ''") == ["a/2"])
        #expect(try versions("tags.t = 'x'") == ["a/1"])
        #expect(try versions("tags.t LIKE '%' AND name ILIKE 'B'") == ["b/1"])
        #expect(try versions("version_number > 1") == ["a/2"])
        #expect(
            try versions("source_path LIKE 's3:%'", orderBy: ["name DESC", "version_number"]) == ["b/1", "a/1", "a/2"]
        )
    }

    @Test func `pages of versions are the whole search`() throws {
        try createModel("m")
        for _ in 1...7 { try createVersion("m", tags: [Tag(key: "t", value: "x")]) }
        for filter in ["", "tags.t = 'x'"] {
            var token: String?
            var seen: [Int64] = []
            repeat {
                let search = RegistrySearch(
                    filter: try parseFilter(filter, for: .modelVersions),
                    orderings: try parseOrderBy(["creation_timestamp"], for: .modelVersions),
                    maxResults: 3,
                    pageToken: token
                )
                let page = try fixture.read { try $0.searchModelVersions(search) }
                seen += page.items.map(\.version)
                token = page.nextPageToken
            } while token != nil
            #expect(seen.sorted() == Array(1...7))
        }
    }

    @Test func `a source must lie in the run that the request names`() throws {
        try createModel("m")
        let run = try fixture.createRun()
        let uri = try fixture.read { try $0.runInfo(id: run).artifactURI }
        for (source, runID) in [
            (uri + "/model", nil), (uri + "/model", "other"), ("runs:/\(run)/model", nil),
            ("runs:/\(run)/model", "other"),
            ("/etc/passwd", run), ("mlflow-artifacts:/0/elsewhere", run),
        ] {
            #expect(
                trackingError { try createVersion("m", source: source, runID: runID) }?.code == .invalidParameterValue
            )
        }
        #expect(try createVersion("m", source: uri + "/model", runID: run).version == 1)
        #expect(try createVersion("m", source: "runs:/\(run)/model", runID: run).version == 2)
    }

    @Test func `a version of another version has its run and its place`() throws {
        try createModel("m")
        try createModel("copy")
        try createVersion("m", source: "s3://b/x", runID: "r1")
        let copy = try createVersion("copy", source: "models:/m/latest")
        #expect(copy.source == "models:/m/1" && copy.runID == "r1")
        let key = try key("copy", 1)
        #expect(try fixture.read { try $0.modelVersionLocation(key) } == "s3://b/x")
        #expect(trackingError { try createVersion("copy", source: "models:/m/1", runID: "r2") } != nil)
    }
}
