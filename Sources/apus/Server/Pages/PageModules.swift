/// The JavaScript modules of the pages as the server sends them: two files instead of thirty for a first page.
///
/// In `static/` each module is a file. A browser that opens a page for the first time would request each file separately, over
/// six connections, and these requests would take most of the time. Therefore the server sends packs. A pack is a file with a
/// module and all modules that it imports. It stores these in a table, `$held`, from which other modules get their imports, so
/// that each module exists once. Without packs the modules work too: during development, `--ui static` serves the files.
struct PageModules {
    /// A module that is sent in one file with all modules that it imports.
    private struct Pack {
        let path: String
        /// Further modules of the pack: those that the module imports by names that it composes at run time.
        let pages: [String]
    }

    /// The packs, of which the first creates the table; a module is in the first pack that needs it.
    private static let packs = [
        Pack(path: "core/ahead.js", pages: []),
        Pack(path: "core/start.js", pages: ["pages/experiment.js", "pages/experiments.js"]),
    ]

    /// The modules of each pack, each after those that it imports.
    private let contents: [String: [PageModule]]
    /// The paths of all modules in packs.
    private let packed: Set<String>

    static let shared = PageModules()

    private init() {
        var contents: [String: [PageModule]] = [:]
        var packed: Set<String> = []
        for pack in Self.packs {
            var modules: [PageModule] = []
            // The module that names the pack is the last one, because it uses the others when it runs.
            for root in pack.pages + [pack.path] { Self.collect(root, into: &modules, &packed) }
            contents[pack.path] = modules
        }
        self.contents = contents
        self.packed = packed
    }

    private static func collect(_ path: String, into modules: inout [PageModule], _ packed: inout Set<String>) {
        guard packed.insert(path).inserted else { return }
        let module = PageModule(path)
        for needed in module.imports { collect(needed.path, into: &modules, &packed) }
        modules.append(module)
    }

    /// The text of a module as it is sent; nil if the file is not a module.
    func textToSend(_ path: String) -> String? {
        guard path.hasSuffix(".js"), StaticFile.isEmbedded(path) else { return nil }
        guard let modules = contents[path] else { return "\(Self.tableImport)\n\(PageModule(path).text(packed))" }
        let table =
            if path == Self.packs[0].path {
                """
                export const $held = {};
                export const $load = async (path) => $held[path] ?? import("../" + path);
                """
            } else {
                Self.tableImport
            }
        let texts = modules.map { "// \($0.path)\n$held[\"\($0.path)\"] = (() => {\n\($0.body)})();\n" }
        return "\(table)\n\(texts.joined(separator: "\n"))"
    }

    /// The line by which every module except the first pack imports the table.
    private static let tableImport = "import { $held, $load } from \"../\(packs[0].path)\";"
}

/// A module of `static/`, whose imports and exports are at the beginnings of lines.
private struct PageModule {
    struct Import {
        /// The imported names in braces, such as `{ name as other }`.
        let names: Substring
        /// The path of the imported module in `static/`.
        let path: String
        let line: Substring
    }

    let path: String
    let imports: [Import]
    private let lines: [Substring]

    init(_ path: String) {
        self.path = path
        let folder = path.prefix { $0 != "/" }
        // A module that is imported at run time may be in a pack, so `$load` looks in the table first.
        let source = ["\"", "`"].reduce(StaticFile.named(path).text) { source, quote in
            source.replacing("import(\(quote)./", with: "$load(\(quote)\(folder)/")
                .replacing("import(\(quote)../", with: "$load(\(quote)")
        }
        lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        imports = lines.filter { $0.hasPrefix("import ") }.map { line in
            let parts = line.dropFirst("import ".count).split(separator: " from ")
            guard parts.count == 2, parts[0].first == "{", parts[0].last == "}", parts[1].hasSuffix("\";") else {
                preconditionFailure("static/\(path): an import is one line with names in braces")
            }
            let target = parts[1].dropFirst().dropLast(2)
            let isBeside = target.hasPrefix("./")
            return Import(
                names: parts[0],
                path: isBeside ? "\(folder)/\(target.dropFirst(2))" : String(target.dropFirst(3)),
                line: line
            )
        }
    }

    /// The module as a separate file, which gets packed modules from the table.
    func text(_ packed: Set<String>) -> String {
        let packedImports = imports.filter { packed.contains($0.path) }
        return lines.map { line in packedImports.first { $0.line == line }.map(Self.tableAccess(for:)) ?? String(line) }
            .joined(separator: "\n")
    }

    /// The module as the body of a function that returns what it exports.
    var body: String {
        var exports: [String] = []
        var text = ""
        for line in lines {
            if let module = imports.first(where: { $0.line == line }) {
                text += Self.tableAccess(for: module)
            } else if line.hasPrefix("export ") {
                let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "$") }
                let isDefault = words[1] == "default"
                guard let keyword = words.firstIndex(where: { ["function", "const", "class"].contains($0) }) else {
                    preconditionFailure("static/\(path): an export is a function, a constant or a class")
                }
                exports.append(isDefault ? "default: \(words[keyword + 1])" : String(words[keyword + 1]))
                text += line.dropFirst((isDefault ? "export default " : "export ").count)
            } else {
                text += line
            }
            text += "\n"
        }
        return "\(text)return { \(exports.joined(separator: ", ")) };\n"
    }

    private static func tableAccess(for module: Import) -> String {
        "const \(module.names.replacing(" as ", with: ": ")) = $held[\"\(module.path)\"];"
    }
}
