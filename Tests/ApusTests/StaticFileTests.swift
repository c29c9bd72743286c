import ArgumentParser
import HTTPWire
import TestSupport
import Testing

@testable import apus

@Suite struct StaticFileTests {
    /// The paths beneath a folder of the repository.
    private func paths(in folder: String, beneath prefix: String = "") -> [String] {
        let names = fileNames(inFolder: folder).filter { !$0.hasPrefix(".") }
        return names.flatMap { name -> [String] in
            let inside = paths(in: "\(folder)/\(name)", beneath: "\(prefix)\(name)/")
            return inside.isEmpty ? [prefix + name] : inside
        }
    }

    @Test func `every file of static is embedded, and nothing else`() {
        let tests = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let files = paths(in: "/\(tests)/../../static").sorted()
        #expect(files.contains("index.html"))
        #expect(StaticFile.all.map(\.path).sorted() == files, "run Scripts/embed-files")
    }

    @Test func `every file has a type that browsers know`() {
        for file in StaticFile.all { #expect(file.contentType != "application/octet-stream", "\(file.path)") }
    }
}

@Suite struct PageModulesTests {
    private let ahead = PageModules.shared.textToSend("core/ahead.js") ?? ""
    private let start = PageModules.shared.textToSend("core/start.js") ?? ""

    /// The lines of a module that import or export something.
    private func declarations(_ text: String) -> [Substring] {
        text.split(separator: "\n").filter { $0.hasPrefix("import ") || $0.hasPrefix("export ") }
    }

    @Test func `a first page needs two files of modules`() {
        #expect(declarations(ahead).allSatisfy { $0.hasPrefix("export const $") })
        #expect(declarations(start) == [#"import { $held, $load } from "../core/ahead.js";"#])
        #expect(start.contains(#"$held["pages/experiment.js"] = (() => {"#))
        #expect(start.contains("return { default: page };"))
    }

    @Test func `a module stands in one pack, behind all that it takes`() {
        var defined: Set<Substring> = []
        for line in "\(ahead)\n\(start)".split(separator: "\n") {
            let parts = line.split(separator: "\"")
            if line.hasPrefix("$held[") { #expect(defined.insert(parts[1]).inserted, "\(line)") }
            if line.hasPrefix("const {"), line.contains("= $held[") { #expect(defined.contains(parts[1]), "\(line)") }
        }
        #expect(defined.contains("core/dom.js") && defined.contains("core/start.js"))
    }

    @Test func `any other module takes what is packed, and imports the rest`() throws {
        let charts = try #require(PageModules.shared.textToSend("parts/charts.js"))
        #expect(charts.hasPrefix(#"import { $held, $load } from "../core/ahead.js";"#))
        #expect(charts.contains(#"= $held["core/dom.js"];"#))
        #expect(charts.contains(#"from "./chart.js";"#))
        #expect(PageModules.shared.textToSend("page.css") == nil)
        #expect(PageModules.shared.textToSend("static-files/apus-first-visit.js") == nil)
    }

    @Test func `what is imported while a module runs may be packed too`() {
        for file in StaticFile.all where file.path.hasSuffix(".js") {
            let text = PageModules.shared.textToSend(file.path) ?? ""
            // In comments, types are named by import("./other.js") in braces.
            let code = text.split(separator: "\n").filter { !$0.hasPrefix(" * ") && !$0.contains("/**") }
            #expect(!code.contains { $0.contains("import(\"./") || $0.contains("import(`") }, "\(file.path)")
        }
        #expect(start.contains("$load(`pages/${found.page}.js`)"))
    }
}

@Suite struct RefusalTests {
    @Test func `what a stranger sent is text on the page`() {
        let page = Refusal.page(HTTPRefusal(404, "No route for GET /<script>alert('x')</script>&\""))
        #expect(page.contains("<p>No route for GET /&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;</p>"))
        #expect(!page.contains("<script"))
    }

    @Test func `a refusal that a flag mends shows the command`() {
        let page = Refusal.page(
            HTTPRefusal(403, "Not this host. If it is yours,", startArguments: "--allowed-hosts a.example")
        )
        #expect(page.contains("<pre>apus server --allowed-hosts a.example</pre>"))
    }
}

@Suite struct FrameAncestorsTests {
    private func policy(_ text: String) throws -> String? {
        try FrameAncestors(Setting(source: "--frame-ancestors", text: text))?.policy
    }

    @Test func `origins become a policy beside the server itself`() throws {
        #expect(try policy("https://hub.example.org") == "frame-ancestors 'self' https://hub.example.org")
        #expect(
            try policy("https://*.example.org, http://localhost:*,http://[::1]:8888")
                == "frame-ancestors 'self' https://*.example.org http://localhost:* http://[::1]:8888"
        )
        #expect(try policy(" ") == nil)
    }

    @Test(arguments: [
        "*", "hub.example.org", "https://", "ftp://a.example", "https://a.example/path", "https://a.example;script-src",
        "https://a*.example", "'none'", "https://*", "javascript:x",
    ])
    func `what is no origin is refused by name`(text: String) {
        let message = refusal { _ = try policy(text) }
        #expect(message?.contains(text) == true && message?.contains("--frame-ancestors") == true)
    }

    @Test func `DENY and a list contradict each other`() throws {
        let options = try SecurityOptions.parse(["--x-frame-options", "DENY", "--frame-ancestors", "https://a.example"])
        let message = refusal { _ = try SecuritySettings(options, prefix: "", Environment([:])) }
        #expect(message?.contains("DENY") == true)
    }
}
