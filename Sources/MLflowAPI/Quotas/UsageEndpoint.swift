internal import HTTPServer
internal import HTTPWire
package import JSON
package import Tracking

extension MLflowAPI {
    /// The call by which administrators read how much each identity has stored; `docs/own-calls.md` describes it.
    var usageEndpoints: [[Endpoint]] {
        [
            endpoint(.get, .apus, "usage", .administer(.server).unaudited) { _ in
                .read({ try Self.storageReport($0) }) { report in
                    .json(capacity: 256 + 160 * report.clients.count) { $0.write(report) }
                }
            }
        ]
    }

    /// Returns the amount of data that is stored in total and by each identity.
    package func storageReport() throws -> StorageReport { try store.readNow { try Self.storageReport($0) } }

    private static func storageReport(_ session: any TrackingReading) throws -> StorageReport {
        StorageReport(of: try session.storageUse(checksRuns: true), runs: try session.runCount())
    }
}

extension StorageReport {
    /// Parses the answer of a server to `usage`; nil for any other value.
    package init?(_ json: JSONValue) {
        guard let server = json["server"].flatMap({ StorageUse($0) }) else { return nil }
        self.init(server: server, clients: json["clients"]?.elements.compactMap { StorageUse($0) } ?? [])
    }
}

extension StorageUse {
    fileprivate init?(_ json: JSONValue) {
        guard let bytes = json["artifact_bytes"]?.int64, let artifacts = json["artifacts"]?.int64,
            let runs = json["runs"]?.int64
        else { return nil }
        let kind = json["kind"]?.string.flatMap { StorageOwner.Kind(rawValue: $0) }
        self.init(owner: json["name"]?.string.map { StorageOwner(kind ?? .token, $0) })
        (artifactBytes, self.artifacts, self.runs) = (bytes, artifacts, runs)
    }
}

extension JSONWriter {
    /// Writes the answer to `usage`.
    package mutating func write(_ report: StorageReport) {
        beginObject()
        memberObject("server") { $0.members(of: report.server) }
        memberArray("clients") { writer in
            for client in report.clients {
                writer.beginObject()
                writer.member("kind", ifPresent: client.owner?.kind.rawValue)
                writer.member("name", ifPresent: client.owner?.name)
                writer.members(of: client)
                writer.endObject()
            }
        }
        endObject()
    }

    private mutating func members(of use: StorageUse) {
        member("artifact_bytes", use.artifactBytes)
        member("artifacts", use.artifacts)
        member("runs", use.runs)
    }
}
