/// The media type of an artifact by its name, never by its content.
///
/// Text is `text/plain`, also HTML, SVG, XML, scripts and style sheets, so that a browser neither runs nor renders
/// them. Images, audio, video, PDF, JSON and archives have their own types; everything else is
/// `application/octet-stream`. There is no charset parameter, as in MLflow's server, which has a larger table of types.
package func contentType(forName name: String) -> String {
    let fileExtension = fileExtension(of: name)
    // A name without an extension, such as MLmodel, is looked up like an extension.
    if textExtensions.contains(fileExtension.isEmpty ? name : fileExtension) { return "text/plain" }
    return types[fileExtension.lowercased()] ?? "application/octet-stream"
}

/// The text after the last dot; dots at the beginning do not count, so that `.env` has no extension.
private func fileExtension(of name: String) -> String {
    let dot = UInt8(ascii: ".")
    guard let last = name.utf8.lastIndex(of: dot), let first = name.utf8.firstIndex(where: { $0 != dot }), first < last
    else { return "" }
    return String(name[name.utf8.index(after: last)...])
}

/// The extensions and names of `get_text_extensions` in MLflow, which compares them case-sensitively.
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

/// Each line contains a media type and its extensions.
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
