/// The media type of an artifact by its name, from a short list of types that no browser acts upon; never by its content.
///
/// What is text is `text/plain`, also HTML, SVG, XML, scripts and styles, so that a browser neither runs nor renders
/// them; pictures, sound, films, PDF and archives have their own type; all else is `application/octet-stream`. There is
/// no charset parameter, as in the reference, which goes by a larger table.
package func contentType(forName name: String) -> String {
    let pair = splitExtension(name)
    // A name without an extension, such as MLmodel, is looked up like an extension.
    let kind = pair.fileExtension.isEmpty ? name : pair.fileExtension
    if textExtensions.contains(kind) { return "text/plain" }
    return types[pair.fileExtension.lowercased()] ?? "application/octet-stream"
}

/// Splits at the last dot, which must follow something else than dots: `.env` has no extension.
private func splitExtension(_ name: String) -> (stem: String, fileExtension: String) {
    let dot = UInt8(ascii: ".")
    guard let last = name.utf8.lastIndex(of: dot), let first = name.utf8.firstIndex(where: { $0 != dot }), first < last
    else { return (name, "") }
    return (String(name[..<last]), String(name[name.utf8.index(after: last)...]))
}

/// `get_text_extensions` of the reference; case-sensitive there.
private let textExtensions: Set<String> = [
    "txt", "log", "err", "cfg", "conf", "cnf", "cf", "ini", "properties", "prop", "hocon", "toml", "yaml", "yml",
    "xml", "json", "js", "py", "py3", "csv", "tsv", "md", "rst", "ipynb", "MLmodel", "mlproject",
]

private let types: [String: String] = {
    var types: [String: String] = [:]
    for line in typeTable.split(separator: "\n") {
        let words = line.split(separator: " ").map(String.init)
        guard let type = words.first else { continue }
        for fileExtension in words.dropFirst() { types[fileExtension] = type }
    }
    return types
}()

/// A media type and its extensions per line.
private let typeTable = """
    application/json json geojson
    application/pdf pdf
    application/zip zip
    application/x-tar tar tgz
    audio/flac flac
    audio/mpeg mp3 mp2
    audio/ogg ogg
    audio/x-wav wav
    image/bmp bmp
    image/gif gif
    image/jpeg jpg jpe jpeg
    image/png png
    image/tiff tiff tif
    image/webp webp
    text/csv csv
    text/plain bat c css err h hocon htm html ini js ksh log md mjs pl py rst sh srt svg text toml txt vtt xhtml
    text/plain xml xsl xslt yaml yml
    text/tab-separated-values tsv
    video/mp4 mp4
    video/mpeg mpeg mpe mpg
    video/quicktime mov qt
    video/webm webm
    video/x-matroska mkv
    video/x-msvideo avi
    """
