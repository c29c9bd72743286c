import Testing
import Tracking

@Suite struct RegistryDecisionTests {
    @Test(
        arguments: [
            (.model, nil, nil), (.prompt, nil, nil), (.model, .model, "Registered Model (name=n) already exists."),
            (.prompt, .prompt, "Prompt (name=n) already exists."),
            (.model, .prompt, "Tried to create a registered model with name 'n', but the name is already taken by a"),
            (.prompt, .model, "Tried to create a prompt with name 'n', but the name is already taken by a"),
        ] as [(RegistryEntryKind, RegistryEntryKind?, String?)]
    )
    func `models and prompts share one space of names`(
        new: RegistryEntryKind,
        holder: RegistryEntryKind?,
        text: String?
    ) {
        let message = refusal { try new.requireUnusedName("n", holder: holder) }?.message
        #expect(message?.prefix(text?.count ?? 0) == text.map { $0[...] })
    }

    @Test func `any value of the prompt tag makes a prompt for requests, one value for searches`() {
        let tag = Tag(key: Tag.isPromptKey, value: "True")
        #expect(RegistryEntryKind([tag]) == .prompt && RegistryEntryKind([]) == .model)
        #expect(!tag.marksPrompt && Tag.promptMark.marksPrompt)
        #expect([Tag.promptMark].versionsBecomePrompts(othersArePrompts: false))
        #expect([].versionsBecomePrompts(othersArePrompts: true))
        #expect(![tag].versionsBecomePrompts(othersArePrompts: false))
    }

    @Test func `an unknown alias is a mistake, and latest wants a version`() {
        #expect(TrackingError.aliasNotFound("best", model: "m").code == .invalidParameterValue)
        #expect(TrackingError.aliasNotFound("Latest", model: "m").code == .resourceDoesNotExist)
    }

    @Test(
        arguments: [
            ("/a/r/artifacts/m", "r", nil, .found("/a/r/artifacts"), true),
            ("/a/q/artifacts/m", "r", nil, .found("/a/r/artifacts"), false),
            ("/a/r/artifacts/m", "r", nil, .found("s3://a/r"), false),
            ("/a/r/artifacts/m", "r", nil, .missing, false),
            ("/a/r/artifacts/m", nil, nil, .notNamed, false),
            ("runs:/r/m", "r", nil, .notNamed, true),
            ("runs:/r/m", "q", nil, .notNamed, false),
            ("runs:/r/m", "r", "m-1", .notNamed, false),
            ("models:/m-1", nil, "m-1", .notNamed, true),
            ("models:/m-1", "r", nil, .notNamed, false),
            ("mlflow-artifacts:/1/r/artifacts/m", "r", nil, .found("mlflow-artifacts:/1/r/artifacts"), true),
            ("mlflow-artifacts:/1/q/artifacts/m", "r", nil, .found("mlflow-artifacts:/1/r/artifacts"), false),
            ("s3://b/x", nil, nil, .notNamed, true),
        ] as [(String, String?, String?, NamedFolder, Bool)]
    )
    func `a source lies in what the request names`(
        text: String,
        runID: String?,
        modelID: String?,
        folder: NamedFolder,
        isContained: Bool
    ) throws {
        let (source, origin) = try parse(text, runID: runID, modelID: modelID)
        let refusal = refusal { try origin.requireContained(source, in: folder, workingDirectory: "/w") }
        #expect((refusal == nil) == isContained)
    }

    @Test func `a version that follows another one has its run and its place`() throws {
        let version = ModelVersion(
            name: "other",
            version: 3,
            creationTime: 0,
            lastUpdatedTime: 0,
            stage: .none,
            description: nil,
            source: "s3://b/x",
            runID: "r",
            runLink: ""
        )
        let (source, origin) = try parse("models:/other/3", runID: nil, modelID: nil)
        let followed = try origin.resolved(toVersion: version, at: "s3://b/x", from: source, requestedRunID: nil)
        #expect(followed.source == "models:/other/3" && followed.location == "s3://b/x" && followed.runID == "r")
        for runID in ["", "q"] {
            #expect(throws: TrackingError.self) {
                try origin.resolved(toVersion: version, at: "s3://b/x", from: source, requestedRunID: runID)
            }
        }
        let (_, named) = try parse("models:/other/3", runID: nil, modelID: "m-1")
        #expect(throws: TrackingError.self) {
            try named.resolved(toVersion: version, at: "s3://b/x", from: source, requestedRunID: nil)
        }
    }

    @Test func `the run of a version is that of the model it lies in`() throws {
        let (_, origin) = try parse("models:/m-1", runID: nil, modelID: "m-1")
        let located = origin.resolved(toLoggedModel: "m-1", at: "/a/m-1")
        #expect(located.modelIDProvidingRun == "m-1" && located.modelIDListingVersion == "m-1")
        #expect(located.location == "/a/m-1")
        let (_, named) = try parse("s3://b/x", runID: "r", modelID: "m-1")
        #expect(named.modelIDProvidingRun == nil)
    }

    private func parse(
        _ text: String,
        runID: String?,
        modelID: String?
    ) throws -> (ModelVersionSource, ModelVersionOrigin) {
        let new = NewModelVersion(
            name: "m",
            source: text,
            runID: runID,
            modelID: modelID,
            runLink: "",
            description: "",
            tags: []
        )
        let source = try ModelVersionSource(text, isPrompt: false, workingDirectory: "/w", trustedRoots: [])
        return (source, ModelVersionOrigin(new, source))
    }
}

@Suite struct LoggedModelDecisionTests {
    @Test func `a new model is pending, lies in its experiment and is named`() {
        let new = NewLoggedModel(
            experimentID: 1,
            name: "",
            modelType: "t",
            sourceRunID: "r",
            params: [Param(key: "p", value: "v")],
            tags: [Tag(key: "k", value: "v")]
        )
        let model = new.model(in: experiment(.active), at: 9)
        #expect(model.info.status == .pending && model.info.creationTime == 9 && model.info.lastUpdatedTime == 9)
        #expect(model.info.modelID.hasPrefix("m-") && !model.info.name.isEmpty)
        #expect(model.info.artifactURI == "/root/1/models/\(model.info.modelID)/artifacts")
        #expect(model.params == new.params && model.tags == new.tags)
        var deleted = model.info
        deleted.lifecycleStage = .deleted
        #expect(refusal { try deleted.requireVisible(allowsDeleted: true) } == nil)
        #expect(refusal { try deleted.requireVisible(allowsDeleted: false) } == .loggedModelNotFound(deleted.modelID))
    }
}
