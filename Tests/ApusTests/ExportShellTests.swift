import MLflowAPI
import Testing

@testable import apus

@Suite struct ExportShellTests {
    private let shell = ExportShell.ofPages()
    private var text: String { String(decoding: shell.before + shell.after, as: UTF8.self) }

    @Test func `the document lies inside a script element that no browser runs`() {
        #expect(
            shell.before.reversed().starts(
                with: "<script type=\"application/json\" id=\"apus-export\">".utf8.reversed()
            )
        )
        #expect(shell.after.starts(with: "</script>".utf8))
        #expect(!text.contains("{{"))
    }

    @Test func `no module is left out, and none is named by a folder`() throws {
        for name in [
            "core/start-file.js", "core/offline.js", "pages/run.js", "pages/compare.js", "pages/experiment.js",
            "parts/charts.js",
        ] {
            #expect(text.contains("\"apus/\(name)\":\"data:text/javascript;base64,"), "\(name)")
        }
        #expect(!text.contains("\"apus/pages/models.js\""))
    }

    @Test func `every file has a number of its own, which its policy asks for`() throws {
        let nonce = try #require(text.split(separator: "script-src 'nonce-").dropFirst().first?.prefix { $0 != "'" })
        #expect(nonce.count >= 16)
        #expect(text.contains("<script type=\"module\" nonce=\"\(nonce)\">"))
        #expect(text.contains("default-src 'none'") && !text.contains("'unsafe"))
        #expect(!String(decoding: ExportShell.ofPages().before, as: UTF8.self).contains(nonce))
    }
}
