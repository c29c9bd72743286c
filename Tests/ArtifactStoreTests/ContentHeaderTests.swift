import ArtifactStore
import Testing

/// Expected values are recorded answers of MLflow 3.17.2.
@Suite struct ContentHeaderTests {
    @Test(arguments: [
        ("MLmodel", "text/plain"), ("x.MLmodel", "text/plain"), ("MLproject", "application/octet-stream"),
        ("mlproject", "text/plain"), ("json", "text/plain"), ("x.py", "text/plain"), ("conda.yaml", "text/plain"),
        ("x.json", "text/plain"), ("x.JSON", "application/json"), ("a.TXT", "text/plain"), ("x..py", "text/plain"),
        ("x.html", "text/html"), ("x.HTML", "text/html"), ("x.htm", "text/html"), ("x.png", "image/png"),
        ("p.svg", "image/svg+xml"), ("x.pdf", "application/pdf"), ("x.css", "text/css"), ("x.webp", "image/webp"),
        ("x.h5", "application/x-hdf5"), ("x.wav", "audio/x-wav"), ("x.mp4", "video/mp4"), ("x.zip", "application/zip"),
        ("x.tar.gz", "application/x-tar"), ("x.tgz", "application/x-tar"), ("x.gz", "application/octet-stream"),
        ("x.json.gz", "application/json"), ("x.txt.gz", "text/plain"), ("x.csv.bz2", "text/csv"),
        ("x.pkl", "application/octet-stream"), ("x.parquet", "application/octet-stream"),
        ("model.safetensors", "application/octet-stream"), ("x.bin", "application/octet-stream"),
        ("no_ext", "application/octet-stream"), (".env", "application/octet-stream"),
        (".py", "application/octet-stream"), (".html", "application/octet-stream"),
        ("x.", "application/octet-stream"), (".", "application/octet-stream"), ("", "application/octet-stream"),
        ("x.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ])
    func `guesses the type by the name`(name: String, type: String) {
        #expect(contentType(forName: name) == type)
    }

    @Test(arguments: [
        ("a.txt", "a.txt"), ("a b.txt", "\"a b.txt\""), ("q\"uote.txt", "\"q\\\"uote.txt\""),
        ("ap'os.txt", "ap'os.txt"),
        ("100%.txt", "100%.txt"), ("a;b", "\"a;b\""), ("a,b", "\"a,b\""), ("a=b", "\"a=b\""), ("(x)", "\"(x)\""),
        ("a:b", "\"a:b\""), ("~", "~"), ("", "\"\""), ("a?b", "\"a?b\""), ("a+b", "a+b"), ("a*b", "a*b"),
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
