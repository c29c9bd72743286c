internal import Coding
internal import MLflowAPI

extension ExportShell {
    /// The pages as one file: styles and modules stand inside of it, and nothing is loaded.
    ///
    /// A module is a `data:` address, which an import map binds to its name: from a `file:` address browsers import nothing
    /// else. Scripts and styles need a number that is drawn for each file; what an artifact holds cannot know it.
    static func ofPages() -> ExportShell {
        let nonce = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined()
        let template = StaticFile.named("export.html").text
            .replacing("{{policy}}", with: policy(nonce))
            .replacing("{{styles}}", with: styles(nonce))
            .replacing("{{modules}}", with: modules(nonce))
        guard let place = template.firstRange(of: "{{data}}") else {
            preconditionFailure("export.html has no {{data}}")
        }
        return ExportShell(
            before: Array(template[..<place.lowerBound].utf8),
            after: Array(template[place.upperBound...].utf8)
        )
    }

    private static func policy(_ nonce: String) -> String {
        "default-src 'none'; script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; img-src blob: data:; media-src blob:; "
            + "frame-src blob:; base-uri 'none'; form-action 'none'"
    }

    private static func styles(_ nonce: String) -> String {
        ["page.css", "table.css", "charts.css"].map {
            "<style nonce=\"\(nonce)\">\n\(StaticFile.named($0).text)</style>"
        }
        .joined(separator: "\n")
    }

    private static func modules(_ nonce: String) -> String {
        let imports = ExportedModule.all.map { module in
            let source = Base64.encode(Array(module.source.utf8), .standard)
            return "\"\(ExportedModule.prefix)\(module.path)\":\"data:text/javascript;base64,\(source)\""
        }
        return """
            <script type="importmap" nonce="\(nonce)">{"imports":{\(imports.joined(separator: ",\n"))}}</script>
            <script type="module" nonce="\(nonce)">import "\(ExportedModule.prefix)\(ExportedModule.start)";</script>
            """
    }
}

/// A module of the pages as it stands in a file: it imports others by names, because a `data:` address has no folder.
private struct ExportedModule {
    /// Beneath `static/`.
    let path: String
    let source: String

    static let prefix = "apus/"
    static let start = "core/start-file.js"
    /// The pages that a file shows; the router imports them by names that it puts together.
    private static let pages = ["pages/experiment.js", "pages/run.js", "pages/compare.js"]

    init(_ path: String) {
        self.path = path
        let folder = path.prefix { $0 != "/" }
        source = ["from \"", "import \"", "import(\"", "import(`"].reduce(StaticFile.named(path).text) {
            source,
            beginning in
            source.replacing(beginning + "./", with: "\(beginning)\(Self.prefix)\(folder)/")
                .replacing(beginning + "../", with: beginning + Self.prefix)
        }
    }

    /// The modules that it names.
    private var imports: [String] {
        source.split(separator: "\"" + Self.prefix).dropFirst().map { String($0.prefix { $0 != "\"" }) }
    }

    /// The start, the pages, and all that these import.
    static var all: [ExportedModule] {
        var found: [ExportedModule] = []
        var known = Set([start] + pages)
        var rest = Array(known)
        while let path = rest.popLast() {
            let module = ExportedModule(path)
            found.append(module)
            rest += module.imports.filter { known.insert($0).inserted }
        }
        return found.sorted { $0.path < $1.path }
    }
}
