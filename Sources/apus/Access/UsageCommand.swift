internal import ArgumentParser
internal import Coding
internal import JSON
internal import MLflowAPI
internal import MLflowClient
internal import Tracking

struct UsageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage",
        abstract: "Show how many artifacts, bytes and runs each token or user has stored.",
        discussion: """
            If no server uses the data folder, the command opens it; otherwise it asks that server. Artifacts and runs that were \
            stored without credentials are counted only in the total.
            """,
        helpNames: .long
    )

    @Argument(help: ArgumentHelp("The same as --tracking-uri.", valueName: "uri")) var uri: String?
    @OptionGroup var data: DataOptions
    @Flag(help: "Print one line of JSON.") var json = false

    func run() throws {
        try data.withAccountStore(uri: uri) { store in
            let report = try Self.report(store)
            if json {
                var writer = JSONWriter()
                writer.write(report)
                return StandardStream.output.write(String(decoding: writer.takeBytes(), as: UTF8.self))
            }
            for client in report.clients {
                let name = client.owner.map { "the \($0.kind.rawValue) \($0.name.printable(limit: 200))" }
                StandardStream.output.write(Self.line(name ?? "", client))
            }
            StandardStream.output.write(Self.line("in all", report.server))
        }
    }

    private static func report(_ store: AccountStore) throws -> StorageReport {
        switch store {
        case .database(let api): return try api.storageReport()
        case .server(let server):
            guard let report = StorageReport(try server.json("usage")) else {
                throw StartFailure("The server at \(server.client.uri) has answered without the storage use.")
            }
            return report
        }
    }

    private static func line(_ name: String, _ use: StorageUse) -> String {
        "\(name): \(Amount.text(use.artifactBytes, "byte")) in \(Amount.text(use.artifacts, "artifact")), "
            + Amount.text(use.runs, "run")
    }

    func validate() throws {
        guard uri == nil || data.trackingUri == nil else {
            throw ValidationError("Give the server either as an argument or by --tracking-uri.")
        }
    }
}
