import MLflowClient
import TestSupport
import Testing

/// How files reach the places that a server names for them.
@Suite struct ArtifactPlaceTests {
    private func client(_ server: StandInServer) throws -> TrackingClient {
        var configuration = ClientConfiguration(trackingURI: server.uri) { _ in nil }
        configuration.credentials = .token("t0ken")
        configuration.retries.firstPause = .zero
        return try TrackingClient(configuration)
    }

    private func run(at uri: String) -> StandInServer.Answer {
        .status(
            200,
            body: #"{"run": {"info": {"run_id": "r1", "experiment_id": "0", "artifact_uri": "\#(uri)"}}}"#
        )
    }

    @Test func `a file for another storage goes to the signed address, without credentials`() async throws {
        let storage = try StandInServer(.status(503), .status(200))
        let signed = #"{"presigned_url": "\#(storage.uri)/bucket/a.bin?sig=1", "headers": {"X-Kind": "blob"}}"#
        let server = try StandInServer(run(at: "s3://bucket/r1"), .status(200, body: signed))
        try await client(server).logArtifact(.run("r1"), bytes: Array("content".utf8), path: "a.bin")
        #expect(server.requests.map(\.line).last == "POST /api/2.0/mlflow/artifacts/presigned-upload-url HTTP/1.1")
        #expect(storage.requests.map(\.line) == Array(repeating: "PUT /bucket/a.bin?sig=1 HTTP/1.1", count: 2))
        #expect(storage.requests.map(\.body) == ["content", "content"])
        #expect(storage.requests.allSatisfy { $0.field("authorization") == nil && $0.field("x-kind") == "blob" })
    }

    @Test func `a storage that the server does not sign for is named in the error`() async throws {
        let refusal = #"{"error_code": "NOT_IMPLEMENTED", "message": "no signing"}"#
        let server = try StandInServer(run(at: "s3://bucket/r1"), .status(501, body: refusal))
        let error = await #expect(throws: MLflowError.self) {
            try await client(server).logArtifact(.run("r1"), bytes: [], path: "a.bin")
        }
        #expect(error?.code == .unreachableArtifacts && error?.message.contains("s3://bucket/r1") == true)
    }

    @Test func `a file is sent again as a whole after a lost answer, and its place is asked for once`() async throws {
        let folder = try TemporaryFolder()
        let content = [UInt8](repeating: UInt8(ascii: "x"), count: 200_000)
        #expect(write(content, toFile: folder.file("a.bin")))
        let server = try StandInServer(run(at: "mlflow-artifacts:/0/r1/artifacts"), .cut, .status(200))
        let client = try client(server)
        try await client.logArtifact(.run("r1"), localPath: folder.file("a.bin"), path: "sub/a b.bin")
        try await client.logArtifact(.run("r1"), bytes: [], path: "empty")
        let puts = server.requests.dropFirst()
        let target = "PUT /api/2.0/mlflow-artifacts/artifacts/0/r1/artifacts"
        #expect(
            puts.map(\.line) == [
                "\(target)/sub/a%20b.bin HTTP/1.1", "\(target)/sub/a%20b.bin HTTP/1.1", "\(target)/empty HTTP/1.1",
            ]
        )
        #expect(puts.map(\.body.utf8.count) == [200_000, 200_000, 0])
    }

    @Test func `a download that breaks off leaves no file, and one that is repeated is whole`() async throws {
        let folder = try TemporaryFolder()
        let broken = StandInServer.Answer.status(200, fields: ["Content-Length: 100"], body: "part")
        let server = try StandInServer(run(at: "mlflow-artifacts:/0/r1"), .cut, .status(200, body: "whole"))
        try await client(server).downloadArtifact(.run("r1"), path: "a", localPath: folder.file("a"))
        #expect(contents(ofFile: folder.file("a")) == Array("whole".utf8))

        let other = try StandInServer(run(at: "mlflow-artifacts:/0/r1"), broken)
        var configuration = ClientConfiguration(trackingURI: other.uri) { _ in nil }
        configuration.retries = .none
        let hasty = try TrackingClient(configuration)
        await #expect(throws: MLflowError.self) {
            try await hasty.downloadArtifact(.run("r1"), path: "b", localPath: folder.file("b"))
        }
        #expect(fileNames(inFolder: folder.path) == ["a"])
    }
}
