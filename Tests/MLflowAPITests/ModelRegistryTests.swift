import ArtifactStore
import JSON
import MLflowAPI
import TestSupport
import Testing

@Suite struct ModelRegistryTests {
    private let fixture: APIFixture

    init() throws {
        fixture = try APIFixture()
    }

    private func delete(_ path: String, _ body: String) throws -> Reply {
        try fixture.send("DELETE", "/api/2.0/mlflow/" + path, body: body)
    }

    private func patch(_ path: String, _ body: String) throws -> Reply {
        try fixture.send("PATCH", "/api/2.0/mlflow/" + path, body: body, headers: ["content-type": "application/json"])
    }

    private func createVersion(_ members: String = #""source":"s3://b/x""#, of name: String = "m") throws -> Reply {
        try fixture.post("model-versions/create", #"{"name":"\#(name)",\#(members)}"#)
    }

    @Test func `a model and its version have the shapes of the reference`() throws {
        _ = try fixture.post(
            "registered-models/create",
            #"{"name":"m","description":"d","tags":[{"key":"a","value":"1"},{"key":"b"}]}"#
        )
        _ = try createVersion(#""source":"s3://b/x","run_id":"r","tags":[{"key":"t","value":"v"}],"run_link":"l""#)
        _ = try fixture.post("registered-models/alias", #"{"name":"m","alias":"champ","version":"1"}"#)
        let version = """
            "creation_timestamp":0,"current_stage":"None","description":"","last_updated_timestamp":0,"name":"m",\
            "run_id":"r","run_link":"l","source":"s3://b/x","status":"READY","tags":[{"key":"t","value":"v"}],\
            "version":"1"}
            """
        let model = """
            {"registered_model":{"aliases":[{"alias":"champ","version":"1"}],"creation_timestamp":0,"description":"d",\
            "last_updated_timestamp":0,"latest_versions":[{\(version)],"name":"m","tags":[{"key":"a","value":"1"},\
            {"key":"b","value":""}]}}
            """
        #expect(try timeless(fixture.get("registered-models/get", [("name", "m")])) == model)
        let named = try timeless(fixture.get("model-versions/get", [("name", "m"), ("version", "1")]))
        #expect(named == #"{"model_version":{"aliases":["champ"],\#(version)}"#)
        let found = try timeless(fixture.get("model-versions/search", []))
        #expect(found == #"{"model_versions":[{\#(version)]}"#)
    }

    /// The JSON of the answer, with all times set to 0.
    private func timeless(_ reply: Reply) throws -> String {
        try reply.json.replacing(/_timestamp":\d+/, with: "_timestamp\":0")
    }

    @Test func `what is missing is absent and what is empty stays`() throws {
        _ = try fixture.post("registered-models/create", #"{"name":"m"}"#)
        let version = try createVersion().member("model_version")
        #expect(
            version["run_id"]?.string == "" && version["run_link"]?.string == "" && version["description"]?.string == ""
        )
        #expect(version["tags"] == nil && version["aliases"] == nil && version["user_id"] == nil)
        let updated = try patch("model-versions/update", #"{"name":"m","version":"1"}"#).member("model_version")
        #expect(updated["description"] == nil)
        let model = try fixture.get("registered-models/get", [("name", "m")]).member("registered_model")
        #expect(model["description"] == nil && model["tags"] == nil && model["aliases"] == nil)
    }

    @Test(arguments: [
        (#"{"name":"m"}"#, "400 RESOURCE_ALREADY_EXISTS Registered Model (name=m) already exists."),
        (
            #"{"name":"m","tags":[{"key":"mlflow.prompt.is_prompt","value":"true"}]}"#,
            "400 RESOURCE_ALREADY_EXISTS Tried to create a prompt with name 'm', but the name is already taken by a "
                + "registered model. MLflow does not allow creating a model and a prompt with the same name."
        ),
        (#"{"name":"a/b"}"#, "400 INVALID_PARAMETER_VALUE Invalid model name 'a/b'. Names cannot contain '/' or ':'."),
        (#"{"name":" "}"#, "400 INVALID_PARAMETER_VALUE Missing value for required parameter 'name'."),
    ])
    func `a model that cannot be created`(body: String, error: String) throws {
        _ = try fixture.post("registered-models/create", #"{"name":"m"}"#)
        #expect(try fixture.post("registered-models/create", body).error == error)
    }

    @Test(arguments: ["latest", "LATEST", "v1", "a b", "a.b", ""])
    func `an alias that is reserved or malformed is refused`(alias: String) throws {
        _ = try fixture.post("registered-models/create", #"{"name":"m"}"#)
        _ = try createVersion()
        let body = #"{"name":"m","alias":"\#(alias)","version":"1"}"#
        #expect(try fixture.post("registered-models/alias", body).status == 400)
    }

    @Test func `aliases are set, moved, read and deleted`() throws {
        _ = try fixture.post("registered-models/create", #"{"name":"m"}"#)
        for version in 1...2 {
            _ = try createVersion()
            _ = try fixture.post("registered-models/alias", #"{"name":"m","alias":"champ","version":"\#(version)"}"#)
        }
        for alias in ["champ", "latest"] {
            let reply = try fixture.get("registered-models/alias", [("name", "m"), ("alias", alias)])
            #expect(try reply.member("model_version", "version").string == "2")
        }
        #expect(try delete("registered-models/alias", #"{"name":"m","alias":"champ"}"#).status == 200)
        let gone = try fixture.get("registered-models/alias", [("name", "m"), ("alias", "champ")])
        #expect(gone.error == "400 INVALID_PARAMETER_VALUE Registered model alias champ not found.")
    }

    @Test func `others are archived only out of a stage in use`() throws {
        _ = try fixture.post("registered-models/create", #"{"name":"m"}"#)
        _ = try createVersion()
        let body = #"{"name":"m","version":"1","stage":"None","archive_existing_versions":true}"#
        let refused = try fixture.post("model-versions/transition-stage", body)
        #expect(
            refused.error
                == "400 INVALID_PARAMETER_VALUE Model version transition cannot archive existing model versions "
                + "because 'None' is not an Active stage. Valid stages are ['Staging', 'Production']"
        )
    }

    /// CVE-2026-2614.
    @Test func `no tag lets a source reach files of the server`() throws {
        _ = try fixture.post("registered-models/create", #"{"name":"m"}"#)
        for value in ["true", "True", "false", ""] {
            let tags = #""tags":[{"key":"mlflow.prompt.is_prompt","value":"\#(value)"}]"#
            for source in ["/etc", "file:///etc", "../../etc"] {
                #expect(try createVersion(#""source":"\#(source)",\#(tags)"#).status == 400)
            }
        }
        let prompt = #""source":"dummy-source","tags":[{"key":"mlflow.prompt.is_prompt","value":"true"}]"#
        #expect(try createVersion(prompt).status == 200)
        #expect(try artifact("passwd").status == 400)
    }

    private func artifact(_ path: String) throws -> Reply {
        try fixture.send(
            "GET",
            "/model-versions/get-artifact",
            query: [("name", "m"), ("version", "1"), ("path", path)]
        )
    }

    @Test(arguments: ["", "runs:"])
    func `the artifacts of a version are served from its place`(scheme: String) throws {
        _ = try fixture.post("registered-models/create", #"{"name":"m"}"#)
        let run = try fixture.createRun()
        let root = try #require(
            try fixture.get("runs/get", [("run_id", run)]).member("run", "info", "artifact_uri").string
        )
        let path = root.dropFirst("mlflow-artifacts:/".count)
        let put = try fixture.send("PUT", "/api/2.0/mlflow-artifacts/artifacts/\(path)/model/MLmodel", body: "x: 1")
        #expect(put.status == 200)
        let source = scheme.isEmpty ? root + "/model" : "runs:/\(run)/model"
        #expect(try createVersion(#""source":"\#(source)","run_id":"\#(run)""#).status == 200)
        #expect(try artifact("MLmodel").text == "x: 1")
        #expect(try artifact("../../other").status == 400)
        #expect(try artifact("none").status == 404)
    }

    @Test(arguments: [
        ("s3://team-7/x", "200"),
        ("/s3://team-7/x", "400 INVALID_PARAMETER_VALUE Invalid model version source: '/s3://team-7/x'."),
        (
            "s3://team-7/" + String(repeating: "x", count: 100_000),
            "400 INVALID_PARAMETER_VALUE 'source' exceeds the maximum length of 2048 characters"
        ),
    ])
    func `a source has to match the operator's pattern`(source: String, answer: String) throws {
        let fixture = try APIFixture { settings, _ in settings.sourcePattern = try SourcePattern(#"^s3://team-\d+/"#) }
        _ = try fixture.post("registered-models/create", #"{"name":"m"}"#)
        let reply = try fixture.post("model-versions/create", #"{"name":"m","source":"\#(source)"}"#)
        #expect((reply.status == 200 ? "200" : reply.error).hasPrefix(answer))
    }

    @Test func `a deleted version and a deleted model are not found`() throws {
        _ = try fixture.post("registered-models/create", #"{"name":"m"}"#)
        _ = try createVersion()
        #expect(try delete("model-versions/delete", #"{"name":"m","version":"1"}"#).status == 200)
        let version = try fixture.get("model-versions/get", [("name", "m"), ("version", "1")])
        #expect(version.error == "404 RESOURCE_DOES_NOT_EXIST Model Version (name=m, version=1) not found")
        #expect(try delete("registered-models/delete", #"{"name":"m"}"#).status == 200)
        let model = try fixture.get("registered-models/get", [("name", "m")])
        #expect(model.error == "404 RESOURCE_DOES_NOT_EXIST Registered Model with name=m not found")
    }
}
