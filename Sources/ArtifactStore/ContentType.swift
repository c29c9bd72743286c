/// The media type of an artifact by its name, as the reference guesses it; never by its content.
///
/// Text formats are `text/plain`, so that a browser neither runs nor renders them. The rest follows the table of
/// Python's `mimetypes` module; what is unknown is `application/octet-stream`. There is no charset parameter.
package func contentType(forName name: String) -> String {
    let pair = splitExtension(name)
    // A name without an extension counts as one: MLmodel.
    let kind = pair.fileExtension.isEmpty ? name : pair.fileExtension
    if textExtensions.contains(kind) { return "text/plain" }
    return guessedType(of: name) ?? "application/octet-stream"
}

/// The type of the part before a compression suffix: Python takes `x.tar.gz` for a tar archive.
private func guessedType(of name: String) -> String? {
    var (stem, fileExtension) = splitExtension(name)
    if ["tgz", "taz", "tz", "tbz2", "txz"].contains(fileExtension) { return "application/x-tar" }
    if fileExtension == "svgz" { return "image/svg+xml" }
    if ["gz", "Z", "bz2", "xz", "br"].contains(fileExtension) { (stem, fileExtension) = splitExtension(stem) }
    return types[fileExtension] ?? types[fileExtension.lowercased()]
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

/// A media type and its extensions per line: the built-in table of Python 3.11 and formats that it lacks.
///
/// The reference also reads `/etc/mime.types` where there is one, so its answers differ from machine to machine.
private let typeTable = """
    application/geo+json geojson
    application/javascript js mjs
    application/json json
    application/manifest+json webmanifest
    application/msword doc dot wiz
    application/n-quads nq
    application/n-triples nt
    application/oda oda
    application/pdf pdf
    application/pkcs7-mime p7c
    application/postscript ps ai eps
    application/rtf rtf
    application/trig trig
    application/vnd.apache.arrow.file arrow
    application/vnd.apple.mpegurl m3u m3u8
    application/vnd.ms-excel xls xlb
    application/vnd.ms-powerpoint ppt pot ppa pps pwz
    application/vnd.openxmlformats-officedocument.presentationml.presentation pptx
    application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx
    application/vnd.openxmlformats-officedocument.wordprocessingml.document docx
    application/vnd.sqlite3 sqlite sqlite3
    application/wasm wasm
    application/x-7z-compressed 7z
    application/x-bcpio bcpio
    application/x-cpio cpio
    application/x-csh csh
    application/x-dvi dvi
    application/x-gtar gtar
    application/x-hdf hdf
    application/x-hdf5 h5
    application/x-latex latex
    application/x-mif mif
    application/x-netcdf cdf nc
    application/x-pkcs12 p12 pfx
    application/x-pn-realaudio ram
    application/x-python-code pyc pyo
    application/x-sh sh
    application/x-shar shar
    application/x-shockwave-flash swf
    application/x-sv4cpio sv4cpio
    application/x-sv4crc sv4crc
    application/x-tar tar
    application/x-tcl tcl
    application/x-tex tex
    application/x-texinfo texi texinfo
    application/x-troff roff t tr
    application/x-troff-man man
    application/x-troff-me me
    application/x-troff-ms ms
    application/x-ustar ustar
    application/x-wais-source src
    application/xml xsl rdf wsdl xpdl
    application/zip zip
    application/zstd zst
    audio/3gpp 3gp 3gpp
    audio/3gpp2 3g2 3gpp2
    audio/aac aac adts loas ass
    audio/basic au snd
    audio/flac flac
    audio/mpeg mp3 mp2
    audio/ogg ogg
    audio/opus opus
    audio/x-aiff aif aifc aiff
    audio/x-pn-realaudio ra
    audio/x-wav wav
    font/otf otf
    font/ttf ttf
    font/woff woff
    font/woff2 woff2
    image/avif avif
    image/bmp bmp
    image/gif gif
    image/heic heic
    image/heif heif
    image/ief ief
    image/jpeg jpg jpe jpeg
    image/jxl jxl
    image/png png
    image/svg+xml svg
    image/tiff tiff tif
    image/vnd.microsoft.icon ico
    image/webp webp
    image/x-cmu-raster ras
    image/x-portable-anymap pnm
    image/x-portable-bitmap pbm
    image/x-portable-graymap pgm
    image/x-portable-pixmap ppm
    image/x-rgb rgb
    image/x-xbitmap xbm
    image/x-xpixmap xpm
    image/x-xwindowdump xwd
    message/rfc822 eml mht mhtml nws
    model/gltf+json gltf
    model/gltf-binary glb
    text/css css
    text/csv csv
    text/html html htm
    text/n3 n3
    text/plain txt bat c h ksh pl srt
    text/richtext rtx
    text/tab-separated-values tsv
    text/vtt vtt
    text/x-python py
    text/x-setext etx
    text/x-sgml sgm sgml
    text/x-vcard vcf
    text/xml xml
    video/mp4 mp4
    video/mpeg mpeg m1v mpa mpe mpg
    video/quicktime mov qt
    video/webm webm
    video/x-matroska mkv
    video/x-msvideo avi
    video/x-sgi-movie movie
    """
