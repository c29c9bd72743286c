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
    private func sent(_ path: String) -> String { PageModules.shared.textToSend(path) ?? "" }

    /// The files that a text imports before it runs.
    private func imports(_ text: String) -> [String] {
        text.matches(of: /import(?:\{[^}]*\}from)?"([^"]*)";/).map { String($0.output.1) }
    }

    /// The modules that a text stores in the table, in their order.
    private func stored(_ text: String) -> [String] {
        text.matches(of: /\$held\["([^"]*)"\]\?\?=/).map { String($0.output.1) }
    }

    @Test func `every page needs two files of modules, and one of its own`() {
        #expect(imports(sent("core/ahead.js")).isEmpty)
        #expect(imports(sent("core/start.js")) == ["../core/ahead.js"])
        #expect(imports(sent("pages/experiment.js")) == ["../core/ahead.js", "../core/start.js"])
        #expect(stored(sent("core/start.js")).contains("core/router.js"))
        #expect(stored(sent("pages/experiment.js")).contains("parts/run-table.js"))
        #expect(sent("pages/experiment.js").contains("return{default:page};"))
    }

    @Test func `a module is stored behind all that it takes`() {
        let first = stored(sent("core/ahead.js")) + stored(sent("core/start.js"))
        for file in StaticFile.all where file.path.hasSuffix(".js") {
            let text = sent(file.path)
            let own = stored(text)
            #expect(Set(own).count == own.count, "\(file.path)")
            let others = imports(text).map { stored(sent(String($0.dropFirst(3)))) }.joined()
            #expect(own.contains(file.path) || others.contains(file.path), "\(file.path)")
            var known = Set(file.path == "core/ahead.js" ? [] : first)
            if file.path == "core/start.js" { known = Set(stored(sent("core/ahead.js"))) }
            known.formUnion(others)
            for match in text.matches(of: /\$held\["([^"]*)"\](\?\?=)?/) {
                if match.output.2 != nil {
                    known.insert(String(match.output.1))
                } else {
                    #expect(known.contains(String(match.output.1)), "\(file.path) takes \(match.output.1)")
                }
            }
        }
    }

    @Test func `a module that many need is stored by one file`() {
        let ask = StaticFile.all.filter { $0.path.hasSuffix(".js") && stored(sent($0.path)).contains("parts/ask.js") }
        #expect(ask.map(\.path) == ["parts/list.js"])
        #expect(imports(sent("pages/users.js")).dropFirst(2).contains("../parts/list.js"))
    }

    @Test func `what a first visit loads of a table with charts is less than 120 kB`() {
        let paths = [
            "index.html", "page.css", "charts.css", "icon.svg", "core/ahead.js", "core/start.js", "pages/experiment.js",
            "parts/charts.js",
        ]
        let bytes = paths.map { StaticFile.named($0).textToSend.utf8.count }.reduce(0, +)
        #expect(bytes < 120_000, "\(bytes) bytes")
    }

    @Test func `a file that is no module is none`() {
        #expect(PageModules.shared.textToSend("page.css") == nil)
        #expect(PageModules.shared.textToSend("static-files/apus-first-visit.js") == nil)
    }

    @Test func `what is imported while a module runs may be there already`() {
        for file in StaticFile.all where file.path.hasSuffix(".js") && file.path != "core/ahead.js" {
            #expect(!sent(file.path).contains("import("), "\(file.path)")
        }
        #expect(sent("core/start.js").contains("$load(`pages/${found.page}.js`)"))
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
