internal import Coding
internal import MLflowAPI

extension ExportShell {
    /// The pages as one HTML file that contains their styles and modules and loads nothing else.
    ///
    /// Each module is a `data:` address, and an import map binds this address to the module's name: in a page at a `file:`
    /// address, browsers import nothing else. The content security policy allows only scripts and styles with a nonce, a
    /// random number that is new for each file, so that no script in an artifact is run.
    static func ofPages() -> ExportShell {
        let nonce = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined()
        let template = StaticFile.named("export.html").textToSend
            .replacing("{{policy}}", with: policy(nonce))
            .replacing("{{styles}}", with: styles(nonce))
            .replacing("{{modules}}", with: modules(nonce))
        guard let range = template.firstRange(of: "{{data}}") else {
            preconditionFailure("export.html has no {{data}}")
        }
        return ExportShell(
            before: Array(template[..<range.lowerBound].utf8),
            after: Array(template[range.upperBound...].utf8)
        )
    }

    private static func policy(_ nonce: String) -> String {
        "default-src 'none'; script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; img-src blob: data:; media-src blob:; "
            + "frame-src blob:; base-uri 'none'; form-action 'none'"
    }

    private static func styles(_ nonce: String) -> String {
        ["page.css", "charts.css", "details.css", "dialogs.css"].map {
            "<style nonce=\"\(nonce)\">\n\(StaticFile.named($0).textToSend)</style>"
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

/// A module of the pages in an exported file.
///
/// It imports others by names, because a `data:` address has no folder.
private struct ExportedModule {
    /// The path in `static/`.
    let path: String
    let source: String

    static let prefix = "apus/"
    static let start = "core/start-file.js"
    /// The pages that an exported file can show.
    ///
    /// They are listed here because the router builds their names at run time, so no import statement contains them.
    private static let pages = ["pages/experiment.js", "pages/run.js", "pages/compare.js", "pages/unknown.js"]

    init(_ path: String) {
        self.path = path
        let folder = path.prefix { $0 != "/" }
        let importBeginnings = ["from \"", "import \"", "import(\"", "import(`"]
        let text = importBeginnings.reduce(StaticFile.named(path).text) { source, beginning in
            source.replacing(beginning + "./", with: "\(beginning)\(Self.prefix)\(folder)/")
                .replacing(beginning + "../", with: beginning + Self.prefix)
        }
        source = CompactText.of(text, path: path)
    }

    /// The paths of the modules that this module imports.
    private var imports: [String] {
        source.split(separator: "\"" + Self.prefix).dropFirst().map { String($0.prefix { $0 != "\"" }) }
    }

    /// The start module, the pages, and all modules that these import.
    static var all: [ExportedModule] {
        var modules: [ExportedModule] = []
        var paths = Set([start] + pages)
        var unread = Array(paths)
        while let path = unread.popLast() {
            let module = ExportedModule(path)
            modules.append(module)
            unread += module.imports.filter { paths.insert($0).inserted }
        }
        return modules.sorted { $0.path < $1.path }
    }
}
