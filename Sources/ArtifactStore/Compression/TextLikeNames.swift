/// Whether a file is worth compressing because its name is that of a text file; `log.txt.gz` is not.
package func isTextLike(_ name: String) -> Bool {
    let name = name.utf8.lastIndex(of: UInt8(ascii: "/")).map { name[name.utf8.index(after: $0)...] } ?? name[...]
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return textNames.contains(String(name)) }
    return textExtensions.contains(name[name.utf8.index(after: dot)...].lowercased())
}

/// Names without an extension that MLflow's own tools write as text.
private let textNames: Set<String> = ["MLmodel", "MLproject", "Dockerfile", "Makefile", "README", "LICENSE"]

private let textExtensions: Set<String> = [
    "bat", "c", "cc", "cf", "cfg", "cnf", "conf", "cpp", "css", "csv", "diff", "dot", "err", "eml", "geojson", "go",
    "h", "hocon", "hpp", "htm", "html", "ini", "ipynb", "java", "js", "json", "jsonl", "ksh", "log", "lst", "md",
    "mjs", "mlmodel", "mlproject", "ndjson", "nq", "nt", "out", "patch", "pl", "prop", "properties", "proto", "ps",
    "py", "py3", "r", "rst", "rtf", "rtx", "scala", "sh", "sql", "srt", "svg", "swift", "tex", "toml", "ts", "tsv",
    "txt", "vtt", "webmanifest", "xml", "xsl", "yaml", "yml",
]
