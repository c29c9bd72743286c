/// The JavaScript modules of the pages as the server sends them: a first page needs three files instead of thirty.
///
/// In `static/` each module is a file. A browser that opens a page for the first time would request each file separately, over
/// six connections, and these requests would take most of the time. Therefore the server sends packs: each file has a module
/// and all modules that it imports, without those that are always there before it. A module is stored in a table, `$held`, from
/// which others get their imports. If several files have the same module, the first that arrives stores it, so that each module
/// exists once. Without packs the modules work too: during development, `--ui static` serves the files.
struct PageModules {
    /// The modules that a page always loads, in this order; the first creates the table.
    private static let first = ["core/ahead.js", "core/start.js"]

    /// Modules that most pages need, and that therefore are in the second pack, although no module of it imports them.
    private static let usual = ["core/names.js", "parts/toast.js"]

    /// Files with modules that many packs need, which are therefore in none of these; a pack imports the files that it needs.
    private static let common = [
        "core/account.js": ["core/account.js"],
        "parts/accounts.js": ["parts/accounts.js"],
        "parts/list.js": ["parts/ask.js", "parts/menu.js", "parts/list.js"],
        "parts/description.js": ["parts/markdown.js", "parts/description.js", "parts/tags.js"],
        "parts/preview-file.js": ["parts/preview-images.js", "parts/preview-file.js"],
    ]

    /// The file of each module in `common`.
    private static let commonFiles = Dictionary(
        uniqueKeysWithValues: common.flatMap { file, modules in modules.map { ($0, file) } }
    )

    /// The modules of the first two packs, each after those that it imports.
    private let firstModules: [[String]]

    static let shared = PageModules()

    private init() {
        var known: Set<String> = []
        firstModules = Self.first.map { path in
            // The module that names the pack is the last one, because it uses the others when it runs.
            let roots = path == Self.first.last ? Self.usual + [path] : [path]
            return Self.modules(for: roots, in: path, without: &known).map(\.path)
        }
    }

    /// Returns modules and all that they import, each after those that it imports.
    ///
    /// - Parameters:
    ///   - file: the file that they are for; modules of other common files are left out.
    ///   - known: the modules that are left out too, to which the returned ones are added.
    private static func modules(
        for paths: [String],
        in file: String,
        without known: inout Set<String>
    ) -> [PageModule] {
        paths.flatMap { path -> [PageModule] in
            guard commonFiles[path, default: file] == file, known.insert(path).inserted else { return [] }
            let module = PageModule(path)
            return modules(for: module.imports.map(\.path), in: file, without: &known) + [module]
        }
    }

    /// The text of a module as it is sent; nil if the file is not a module.
    func textToSend(_ path: String) -> String? {
        guard path.hasSuffix(".js"), StaticFile.isEmbedded(path) else { return nil }
        let packed = modules(in: path)
        let header =
            switch path {
            case Self.first[0]: Self.table
            case Self.first[1]: Self.tableImport
            // A pack may arrive before the second one, whose modules it needs.
            default: "\(Self.tableImport)\nimport \"../\(Self.first[1])\";"
            }
        let imports = commonFiles(for: packed, in: path).map { "import \"../\($0)\";" }
        let texts = packed.map { "$held[\"\($0.path)\"] ??= (() => {\n\($0.body)})();" }
        return CompactText.of(([header] + imports + texts).joined(separator: "\n"), path: path)
    }

    /// The modules of a file, each after those that it imports; none if another file has the module that names this one.
    private func modules(in file: String) -> [PageModule] {
        if let index = Self.first.firstIndex(of: file) { return firstModules[index].map(PageModule.init) }
        var known = Set(firstModules.joined())
        return Self.modules(for: Self.common[file] ?? [file], in: file, without: &known)
    }

    /// The common files that some modules need, with those that these need in turn, so that all are requested at once.
    private func commonFiles(for modules: [PageModule], in file: String) -> [String] {
        var files: Set<String> = []
        var unread = [file] + modules.flatMap(\.imports).map(\.path)
        while let path = unread.popLast() {
            guard let needed = Self.commonFiles[path], needed != file, files.insert(needed).inserted else { continue }
            unread += self.modules(in: needed).flatMap(\.imports).map(\.path)
        }
        return files.sorted()
    }

    /// The table, and the function that loads the module at a path that is known only at run time.
    private static let table = """
        export const $held = {};
        export const $load = async (path) => {
          // Some browsers remember that a file did not come; at another address they request it again.
          if (!$held[path]) await import("../" + path).catch(() => import(`../${path}?again=${Date.now()}`)).catch(() => {
            throw new Error("A part of this page did not load. Check whether the server answers, or log in again.");
          });
          return $held[path];
        };
        """

    /// The line by which every module except the first pack imports the table.
    private static let tableImport = "import { $held, $load } from \"../\(first[0])\";"
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
        // A module that is imported at run time may be there already, so `$load` looks in the table first.
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

    /// The module as the body of a function that returns what it exports.
    var body: String {
        var exports: [String] = []
        var text = ""
        for line in lines {
            if let module = imports.first(where: { $0.line == line }) {
                text += "const \(module.names.replacing(" as ", with: ": ")) = $held[\"\(module.path)\"];"
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
}
