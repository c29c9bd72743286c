import Dispatch
import Files
import SQLite
import TestSupport
import Testing
import TrackingStore

@Suite struct ArtifactLocksTests {
    private static let route = "/api/2.0/mlflow-artifacts/artifacts"

    @Test func `the journal says how a file is after clients have stored and deleted it at the same time`() throws {
        let fixture = try APIFixture()
        let folder = "0/\(try fixture.createRun())/artifacts"
        for round in 0..<200 {
            DispatchQueue.concurrentPerform(iterations: 4) { client in
                let (method, path) = [
                    ("PUT", "f"), ("DELETE", "f"), round.isMultiple(of: 2) ? ("PUT", "f") : ("DELETE", ""),
                    ("DELETE", "f"),
                ][client]
                _ = try? fixture.send(method, "\(Self.route)/\(folder)/\(round)/\(path)", body: "text")
            }
        }
        let connection = try Connection(path: fixture.stored.folder.file("apus.db"), mode: .readOnly)
        defer { connection.close() }
        let known = Set(try ArtifactCheck(connection).files.keys)
        let files = (0..<200).map { "\(folder)/\($0)/f" }
            .filter { FileStatus(path: fixture.stored.folder.file("artifacts/" + $0)) != nil }
        #expect(known == Set(files))
    }
}
