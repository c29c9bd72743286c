internal import ArgumentParser

struct ArtifactsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "artifacts",
        abstract: "Look at the artifacts of a data folder, with or without a server on it.",
        subcommands: [ArtifactStatistics.self],
        helpNames: .long
    )
}
