internal import ArgumentParser

struct ArtifactsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "artifacts",
        abstract: "Inspect the artifacts of a data folder, which a server may be using.",
        subcommands: [ArtifactStatistics.self],
        helpNames: .long
    )
}
