import TestSupport
import Testing

/// The examples of the documentation are those that this target compiles.
@Suite struct DocumentationTests {
    private static let root = String(#filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined())

    private func lines(_ path: String) -> [String] {
        String(decoding: contents(ofFile: "\(Self.root)/\(path)"), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    }

    /// The lines of each example in a text, without indentation.
    private func examples(_ lines: [String]) -> [[String]] {
        var examples: [[String]] = []
        var isInside = false
        for line in lines.map({ $0.trimmed }) {
            if line == "```swift" {
                isInside = true
                examples.append([])
            } else if line == "```" {
                isInside = false
            } else if isInside, !line.isEmpty {
                examples[examples.count - 1].append(line)
            }
        }
        return examples
    }

    @Test func `every example of the page and of the comments is compiled here`() throws {
        let compiled = lines("Tests/MLflowClientTests/DocumentationExamples.swift").map(\.trimmed)
            .joined(separator: "\n")
        var found = examples(lines("docs/swift-client.md"))
        #expect(found.count > 5)
        for path in sources("Sources/MLflowClient") { found += examples(lines(path)) }
        #expect(found.count > 15)
        for example in found {
            let text = example.joined(separator: "\n")
            #expect(compiled.contains(text), "not in DocumentationExamples.swift: \(text)")
        }
    }

    /// The Swift files of a folder and the folders in it.
    private func sources(_ folder: String) -> [String] {
        fileNames(inFolder: "\(Self.root)/\(folder)").flatMap { name in
            name.hasSuffix(".swift") ? ["\(folder)/\(name)"] : sources("\(folder)/\(name)")
        }
    }
}

extension String {
    /// Without the blanks and the marks of a comment around it.
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first == " " { text = text.dropFirst() }
        if text.hasPrefix("///") { text = text.dropFirst(3) }
        while text.first == " " { text = text.dropFirst() }
        return String(text)
    }
}
