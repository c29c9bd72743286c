import ArgumentParser
import TestSupport
import Testing

@testable import apus

@Suite struct SettingDefinitionTests {
    private let offered = SettingDefinition.serverGroups.flatMap(\.settings)

    @Test func `the page of the docs is what the program says`() {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let written = String(decoding: contents(ofFile: root + "/docs/configuration.md"), as: UTF8.self)
        #expect(written == ConfigurationPage.text + "\n", "run: make docs")
    }

    @Test func `the parser takes the flags that are defined, and no others`() {
        let help = Apus.helpMessage(for: ServerCommand.self, columns: 1_000)
        let options = help.split(separator: "\n").filter { $0.hasPrefix("  -") }
        let parsed = options.flatMap { line in
            line.split { " ,/".contains($0) }
                .prefix { $0.hasPrefix("-") || $0.hasPrefix("<") }
                .filter { $0.hasPrefix("-") }
        }
        let defined = offered.flatMap(\.names) + ["--help", "--version"]
        #expect(Set(parsed.map(String.init)) == Set(defined))
        for setting in offered where !setting.flag.isEmpty { #expect(help.contains(setting.summary)) }
    }

    @Test func `each flag and each variable is defined once`() {
        let all = offered + SettingDefinition.withoutEffect + SettingDefinition.refused
        let names = all.flatMap(\.names) + all.flatMap(\.variables)
        #expect(Set(names).count == names.count)
    }
}
