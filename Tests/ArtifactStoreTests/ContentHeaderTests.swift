import ArtifactStore
import Testing

@Suite struct ContentHeaderTests {
    @Test(arguments: [
        ("MLmodel", "text/plain"), ("x.MLmodel", "text/plain"), ("MLproject", "application/octet-stream"),
        ("mlproject", "text/plain"), ("json", "text/plain"), ("x.py", "text/plain"), ("conda.yaml", "text/plain"),
        ("x.json", "text/plain"), ("x.JSON", "application/json"), ("a.TXT", "text/plain"), ("x..py", "text/plain"),
        ("x.html", "text/plain"), ("x.HTML", "text/plain"), ("x.htm", "text/plain"), ("x.xhtml", "text/plain"),
        ("p.svg", "text/plain"), ("x.css", "text/plain"), ("x.mjs", "text/plain"), ("x.XML", "text/plain"),
        ("x.svgz", "application/octet-stream"), ("x.swf", "application/octet-stream"),
        ("x.wasm", "application/octet-stream"), ("x.mht", "application/octet-stream"),
        ("x.png", "image/png"), ("x.JPG", "image/jpeg"), ("x.webp", "image/webp"), ("x.pdf", "application/pdf"),
        ("x.wav", "audio/x-wav"), ("x.mp4", "video/mp4"), ("x.zip", "application/zip"),
        ("x.tar", "application/x-tar"), ("x.tar.gz", "application/octet-stream"), ("x.tgz", "application/x-tar"),
        ("x.gz", "application/octet-stream"), ("x.html.gz", "application/octet-stream"),
        ("x.pkl", "application/octet-stream"), ("x.parquet", "application/octet-stream"),
        ("model.safetensors", "application/octet-stream"), ("x.bin", "application/octet-stream"),
        ("no_ext", "application/octet-stream"), (".env", "application/octet-stream"),
        (".py", "application/octet-stream"), (".html", "application/octet-stream"),
        ("x.", "application/octet-stream"), (".", "application/octet-stream"), ("", "application/octet-stream"),
    ])
    func `guesses the type by the name`(name: String, type: String) {
        #expect(contentType(forName: name) == type)
    }

    /// Recorded answers of MLflow 3.17.2.
    @Test(arguments: [
        ("a.txt", "a.txt"), ("a b.txt", "\"a b.txt\""), ("q\"uote.txt", "\"q\\\"uote.txt\""),
        ("ap'os.txt", "ap'os.txt"),
        ("100%.txt", "100%.txt"), ("a;b", "\"a;b\""), ("a,b", "\"a,b\""), ("a=b", "\"a=b\""), ("(x)", "\"(x)\""),
        ("a:b", "\"a:b\""), ("~", "~"), ("", "\"\""), ("a?b", "\"a?b\""), ("a+b", "a+b"), ("a*b", "a*b"),
        ("tab\tx", "tabx; filename*=UTF-8''tab%09x"), ("a\r\nb: c", "\"ab: c\"; filename*=UTF-8''a%0D%0Ab%3A%20c"),
        ("back\\slash", "\"back\\\\slash\""),
        ("é損.txt", "e.txt; filename*=UTF-8''%C3%A9%E6%90%8D.txt"),
        ("日本語", "download; filename*=UTF-8''%E6%97%A5%E6%9C%AC%E8%AA%9E"),
        ("日本語.txt", ".txt; filename*=UTF-8''%E6%97%A5%E6%9C%AC%E8%AA%9E.txt"),
        ("é\"q.txt", "\"e\\\"q.txt\"; filename*=UTF-8''%C3%A9%22q.txt"),
        ("😀.png", ".png; filename*=UTF-8''%F0%9F%98%80.png"),
        ("Ångström b.csv", "\"Angstrom b.csv\"; filename*=UTF-8''%C3%85ngstr%C3%B6m%20b.csv"),
    ])
    func `names the attachment`(name: String, parameters: String) {
        #expect(contentDisposition(forName: name) == "attachment; filename=" + parameters)
    }
}
