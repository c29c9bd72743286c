"""Artifacts: listings, the proxied store, get-artifact, upload-artifact."""

from scenario import AJAX, API, ARTIFACTS, Scenario

HEADERS = ("X-Content-Type-Options", "Content-Disposition", "Content-Length", "Accept-Ranges", "X-Frame-Options")
ROOT = ARTIFACTS + "/{experiment}/{run}/artifacts"
AJAX_ROOT = ROOT.replace("/api/", "/ajax-api/")
FILES = {
    "a.txt": b"hello\n",
    "folder/b.txt": b"in a folder",
    "folder/deep/c.json": b'{"a": 1}',
    "model/MLmodel": b"flavors: {}\n",
    "empty.bin": b"",
    "page.html": b"<p>hi</p>",
    "image.png": b"\x89PNG\r\n",
    "data.csv": b"a,b\n1,2\n",
    "note.md": b"# t",
    "conf.yaml": b"a: 1\n",
    "noextension": b"x",
    "with space.txt": b"s",
    "100%25.txt": b"p",
    "%E6%90%8D.txt": b"u",
    "a%2Bb.txt": b"plus",
    "semi;colon.txt": b"sc",
    "quote%22.txt": b"q",
    "UPPER.TXT": b"u",
    "script.py": b"pass\n",
    "table.parquet": b"PAR1",
    "x.unknown": b"?",
    "t.tsv": b"a\tb",
    "a.tar.gz": b"\x1f\x8b",
    "j.jsonl": b"{}\n",
    "s.svg": b"<svg/>",
}


def fill_run(s):
    for path, content in FILES.items():
        s.put(f"{ROOT}/{path}", content)


# ---- artifacts/list by run
s = Scenario("artifacts list", run=True)
s.get("of nothing", "artifacts/list", {"run_id": "{run}"})
fill_run(s)
s.get("of the root", "artifacts/list", {"run_id": "{run}"})
s.get("under ajax-api", AJAX + "artifacts/list", {"run_id": "{run}"})
s.get("by run_uuid", "artifacts/list", {"run_uuid": "{run}"})
for title, path in {
    "a folder": "folder",
    "a folder with a slash": "folder/",
    "a deep folder": "folder/deep",
    "a file": "a.txt",
    "a file in a folder": "folder/b.txt",
    "nothing there": "nothing",
    "empty": "",
    "a dot": ".",
    "upwards": "..",
    "upwards inside": "folder/..",
    "upwards and down": "folder/../folder",
    "absolute": "/folder",
    "doubled slash in front": "//folder",
    "doubled slash": "folder//deep",
    "encoded upwards": "%2e%2e",
    "twice encoded upwards": "%252e%252e",
    "a backslash": "a\\b",
    "a NUL": "a\0b",
    "a fragment": "a#b",
    "a file uri": "file:///etc",
    "a dot inside": "./folder",
    "a drive": "C:/a",
    "a drive letter alone": "C:",
    "a tilde": "~",
    "a query": "folder?x=1",
    "three dots": "...",
    "a name with two dots": "a..b",
    "a space": " ",
    "a newline": "a\nb",
    "in Chinese": "损",
    "dots behind a semicolon": "..;a",
    "dots behind a question mark": "a?..",
    "a dot at the end": "a.",
    "a space at the end": "a ",
    "a colon": "a:b.txt",
    "a semicolon": "a;b",
    "a name with an escape": "loss%step%0%timestamp%1700%00ab.png",
}.items():
    s.get(f"path {title}", "artifacts/list", {"run_id": "{run}", "path": path})
s.get("no run", "artifacts/list")
s.get("empty run", "artifacts/list", {"run_id": ""})
s.get("unknown run", "artifacts/list", {"run_id": "0" * 32})
s.get("bad path and unknown run", "artifacts/list", {"run_id": "0" * 32, "path": "../x"})
s.get("a page token", "artifacts/list", {"run_id": "{run}", "page_token": "abc"})
s.post("by POST", "artifacts/list", {"run_id": "{run}"})
s.do("runs/delete", {"run_id": "{run}"})
s.get("of a deleted run", "artifacts/list", {"run_id": "{run}"})

# ---- the proxied store
s = Scenario("mlflow-artifacts", run=True)
fill_run(s)
base = "{experiment}/{run}/artifacts"
s.get("list the run", ARTIFACTS, {"path": base})
s.get("list the run under ajax-api", ARTIFACTS.replace("/api/", "/ajax-api/"), {"path": base})
s.get("list a folder", ARTIFACTS, {"path": base + "/folder"})
s.get("list a file", ARTIFACTS, {"path": base + "/a.txt"})
s.get("list what is not there", ARTIFACTS, {"path": base + "/nothing"})
s.get("list the runs of an experiment", ARTIFACTS, {"path": "{experiment}"})
s.get("list an empty experiment", ARTIFACTS, {"path": "99999999"})
for title, path in {
    "upwards": "../",
    "upwards inside": base + "/../..",
    "absolute": "/etc",
    "doubled slash": "//etc",
    "encoded": "%2e%2e/",
    "twice encoded": "%252e%252e/",
    "backslash": "..\\",
    "file uri": "file:///etc",
    "fragment": "a#b",
    "NUL": "a\0b",
}.items():
    s.get(f"list {title}", ARTIFACTS, {"path": path})
for path in FILES:
    s.get(f"get {path}", f"{ROOT}/{path}", compare_headers=HEADERS)
s.get("get under ajax-api", f"{AJAX_ROOT}/a.txt", compare_headers=HEADERS)
s.get("get with Accept", f"{ROOT}/page.html", headers={"Accept": "text/html"}, compare_headers=HEADERS)
for title, value in {
    "the middle": "bytes=1-3",
    "one byte": "bytes=0-0",
    "the end": "bytes=-2",
    "from the middle": "bytes=3-",
    "beyond the end": "bytes=4-400",
    "after the end": "bytes=100-200",
    "nothing from the end": "bytes=-0",
    "the wrong way round": "bytes=3-1",
    "another unit": "lines=0-1",
    "nonsense": "bytes=a-b",
    "nothing": "",
}.items():
    s.get(
        f"range of {title}",
        f"{ROOT}/a.txt",
        headers={"Range": value},
        compare_headers=("Content-Range", "Content-Length", "Accept-Ranges"),
    )
s.step(
    "head", "HEAD", f"{ROOT}/a.txt", compare_headers=("X-Content-Type-Options", "Content-Disposition", "Content-Length")
)
BAD_PATHS = {
    "what is not there": f"{ROOT}/nothing.txt",
    "a folder": f"{ROOT}/folder",
    "a folder with a slash": f"{ROOT}/folder/",
    "upwards, encoded": f"{ROOT}/%2e%2e/%2e%2e/x",
    "upwards, slash encoded": f"{ROOT}/..%2f..%2fx",
    "upwards, twice encoded": f"{ROOT}/%252e%252e/x",
    "absolute, encoded": ARTIFACTS + "/%2fetc/passwd",
    "backslash": f"{ROOT}/..%5cx",
    "NUL": f"{ROOT}/a%00b",
    "fragment": f"{ROOT}/a%23b",
    "dot": f"{ROOT}/%2e/a.txt",
    "doubled slash": f"{ROOT}//a.txt",
    "file uri": ARTIFACTS + "/file:%2f%2f%2fetc%2fpasswd",
    "nothing": ARTIFACTS + "/",
    "drive": ARTIFACTS + "/C:/a",
    "doubled slash in front": ARTIFACTS + "//etc/passwd",
}
for title, path in BAD_PATHS.items():
    s.get(f"get {title}", path)
for title, path in BAD_PATHS.items():
    s.step(f"put {title}", "PUT", path, raw=b"x", fresh="run")
    s.step(f"delete {title}", "DELETE", path, fresh="run")

s = Scenario("mlflow-artifacts writing", run=True)
s.step("put", "PUT", f"{ROOT}/new.txt", raw=b"one")
s.get("read back", f"{ROOT}/new.txt")
s.step("put over it", "PUT", f"{ROOT}/new.txt", raw=b"second")
s.get("read back again", f"{ROOT}/new.txt")
s.step("put nothing", "PUT", f"{ROOT}/empty", raw=b"")
s.step("put with a JSON type", "PUT", f"{ROOT}/typed.json", raw=b"{}", headers={"Content-Type": "application/json"})
s.step("put under ajax-api", "PUT", f"{AJAX_ROOT}/ajax.txt", raw=b"x")
s.step("put in folders", "PUT", f"{ROOT}/x/y/z.txt", raw=b"deep")
s.step("put beside the runs", "PUT", ARTIFACTS + "/elsewhere-{run}/file.txt", raw=b"x")
s.step("put a megabyte", "PUT", f"{ROOT}/large.bin", raw=b"0123456789abcdef" * 65536)
s.get("list", ARTIFACTS, {"path": base})
s.get("list by run", "artifacts/list", {"run_id": "{run}"})
s.step("delete a file", "DELETE", f"{ROOT}/new.txt")
s.get("get the deleted file", f"{ROOT}/new.txt")
s.step("delete it again", "DELETE", f"{ROOT}/new.txt")
s.put(f"{ROOT}/z/y.txt", b"z")
s.step("delete a folder", "DELETE", f"{ROOT}/x")
s.step("delete a folder with a slash", "DELETE", f"{ROOT}/z/")
s.get("list after deleting", ARTIFACTS, {"path": base})
s.step("delete under ajax-api", "DELETE", f"{AJAX_ROOT}/ajax.txt")
s.step("post to a file", "POST", f"{ROOT}/new.txt", raw=b"x")
s.step("put to the listing", "PUT", ARTIFACTS, raw=b"x")
s.step("delete the listing", "DELETE", ARTIFACTS)
s.step("put below a file", "PUT", f"{ROOT}/empty/below.txt", raw=b"x")
s.step("put over a folder", "PUT", f"{ROOT}/folder", raw=b"x")
s.put(f"{ROOT}/dir/inside.txt", b"x")
s.step("put over a folder that is there", "PUT", f"{ROOT}/dir", raw=b"x")
s.get("list after it", "artifacts/list", {"run_id": "{run}"})

# ---- multipart and presigned: not on this storage
s = Scenario("multipart", run=True)
MPU = "/api/2.0/mlflow-artifacts/mpu/"
for verb, body in {
    "create": {"path": "{experiment}/{run}/artifacts/a.bin", "num_parts": 2},
    "complete": {"path": "a.bin", "upload_id": "u", "parts": []},
    "abort": {"path": "a.bin", "upload_id": "u"},
}.items():
    s.post(f"{verb}", MPU + verb + "/{experiment}/{run}/artifacts", body)
    s.post(f"{verb} of nothing", MPU + verb + "/{experiment}/{run}/artifacts", {})
    s.post(
        f"{verb} without a content type",
        MPU + verb + "/{experiment}/{run}/artifacts",
        body,
        headers={"Content-Type": "-"},
    )
    s.post(f"{verb} upwards in disguise", MPU + verb + "/{experiment}/%252e%252e/x", body)
    s.post(f"{verb} with a path of another kind", MPU + verb + "/{experiment}/{run}/artifacts", {**body, "path": 1})
    s.post(f"{verb} with an empty path", MPU + verb + "/{experiment}/{run}/artifacts", {**body, "path": ""})
    s.post(f"{verb} without a folder", MPU + verb, body)
    s.post(f"{verb} outside of a run", MPU + verb + "/sub/dir", body)
s.post("create with a text for parts", MPU + "create/{experiment}/{run}/artifacts", {"path": "a", "num_parts": "x"})
s.post("create with parts as text", MPU + "create/{experiment}/{run}/artifacts", {"path": "a", "num_parts": "2"})
s.post("create with too many parts", MPU + "create/{experiment}/{run}/artifacts", {"path": "a", "num_parts": 10_001})
s.post("create with fewer parts than none", MPU + "create/{experiment}/{run}/artifacts", {"path": "a", "num_parts": -1})
s.post("complete without parts", MPU + "complete/{experiment}/{run}/artifacts", {"path": "a", "upload_id": "u"})
s.post(
    "complete with an id of another kind",
    MPU + "complete/{experiment}/{run}/artifacts",
    {"path": "a", "upload_id": 1, "parts": []},
)
s.post("abort with an id of another kind", MPU + "abort/{experiment}/{run}/artifacts", {"path": "a", "upload_id": 1})
s.get("presigned", "/api/2.0/mlflow-artifacts/presigned/{experiment}/{run}/artifacts/a.bin")
s.post("presigned upload url", "artifacts/presigned-upload-url", {"run_id": "{run}", "path": "a.bin"})
s.post("presigned upload url without path", "artifacts/presigned-upload-url", {"run_id": "{run}"})
s.post("presigned upload url without run", "artifacts/presigned-upload-url", {"path": "a.bin"})
s.post(
    "presigned upload url of an unknown run", "artifacts/presigned-upload-url", {"run_id": "0" * 32, "path": "a.bin"}
)
s.post("presigned upload url upwards", "artifacts/presigned-upload-url", {"run_id": "{run}", "path": "../a.bin"})
for title, fields in {
    "": {"model_id": "m-0", "path": "a.bin"},
    " upwards": {"model_id": "m-0", "path": "../a.bin"},
    " and a run": {"model_id": "m-0", "run_id": "{run}", "path": "a.bin"},
}.items():
    s.post(f"presigned upload url of a model{title}", "artifacts/presigned-upload-url", fields)
for title, fields in {
    "": {"run_id": "{run}", "path": "a.bin"},
    " without path": {"run_id": "{run}"},
    " without run": {"path": "a.bin"},
    " of an unknown run": {"run_id": "0" * 32, "path": "a.bin"},
    " upwards": {"run_id": "0" * 32, "path": "../a.bin", "expiration": 0},
    " for no time": {"run_id": "0" * 32, "path": "a.bin", "expiration": 0},
    " for a week": {"run_id": "{run}", "path": "a.bin", "expiration": 604800},
    " for more than a week": {"run_id": "{run}", "path": "a.bin", "expiration": 604801},
    " for a word": {"run_id": "{run}", "path": "a.bin", "expiration": "x"},
}.items():
    s.post(f"presigned download url{title}", "artifacts/presigned-download-url", fields)
s.get("presigned upwards", "/api/2.0/mlflow-artifacts/presigned/%2e%2e/a.bin")
for verb in ("create", "complete", "abort"):
    s.post(f"{verb} upwards", MPU + verb + "/%2e%2e/a", {"path": "a.bin", "upload_id": "u", "num_parts": 1, "parts": []})

# ---- artifacts of traces and models that are not there
s = Scenario("artifacts of other things")
TRACE = "/ajax-api/3.0/mlflow/get-trace-artifact"
s.get("of a trace, nothing asked", TRACE)
s.get("of a trace, upwards", TRACE, {"request_id": "tr-1", "path": "../a"})
s.get("of a trace, no uuid", TRACE, {"request_id": "tr-1", "path": "a"})
s.get("of a trace under 2.0, no uuid", TRACE.replace("3.0", "2.0"), {"request_id": "tr-1", "path": "a"})
s.get("of a model version, upwards", "/model-versions/get-artifact", {"name": "m", "version": "1", "path": "../a"})
MODEL = AJAX + "logged-models/m-0/artifacts/"
s.get("of a logged model, nothing asked", MODEL + "files")
s.get("of a logged model, upwards", MODEL + "files", {"artifact_file_path": "../a"})
s.get("of a logged model, a folder upwards", MODEL + "directories", {"artifact_directory_path": "../a"})

# ---- get-artifact
s = Scenario("get-artifact", run=True)
fill_run(s)
for path in (
    "a.txt",
    "folder/b.txt",
    "model/MLmodel",
    "page.html",
    "with space.txt",
    "100%.txt",
    "損.txt",
    "noextension",
    "empty.bin",
    "a+b.txt",
    'quote".txt',
    "image.png",
):
    s.get(f"get {path}", "/get-artifact", {"run_id": "{run}", "path": path}, compare_headers=HEADERS)
s.get("by run_uuid", "/get-artifact", {"run_uuid": "{run}", "path": "a.txt"}, compare_headers=HEADERS)
s.get("by run_uuid beside an empty run_id", "/get-artifact", {"run_id": "", "run_uuid": "{run}", "path": "a.txt"})
for title, name, value in (
    ("if-match another", "If-Match", '"x"'),
    ("if-match any", "If-Match", "*"),
    ("if-none-match any", "If-None-Match", "*"),
    ("if-none-match another", "If-None-Match", '"x", W/"y"'),
    ("if-modified-since long ago", "If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("if-modified-since later", "If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT"),
    ("if-modified-since nonsense", "If-Modified-Since", "yesterday"),
):
    s.get(title, "/get-artifact", {"run_id": "{run}", "path": "a.txt"}, headers={name: value})
for title, path in {
    "a folder": "folder",
    "nothing there": "nothing",
    "upwards": "../a",
    "upwards inside": "folder/../a.txt",
    "absolute": "/a.txt",
    "doubled slash": "//a.txt",
    "encoded upwards": "%2e%2e/a",
    "twice encoded": "%252e%252e/a",
    "backslash": "..\\a",
    "NUL": "a\0b",
    "fragment": "a#b",
    "empty": "",
    "file uri": "file:///etc/passwd",
    "dot": "./a.txt",
}.items():
    s.get(f"path {title}", "/get-artifact", {"run_id": "{run}", "path": path})
s.get("no path", "/get-artifact", {"run_id": "{run}"})
s.get("no run", "/get-artifact", {"path": "a.txt"})
s.get("empty run", "/get-artifact", {"run_id": "", "path": "a.txt"})
s.get("unknown run", "/get-artifact", {"run_id": "0" * 32, "path": "a.txt"})
s.get("nothing at all", "/get-artifact")
s.post("by POST", "/get-artifact", {})
s.get("not under api", API + "get-artifact", {"run_id": "{run}", "path": "a.txt"})
s.get("under ajax-api", AJAX + "get-artifact", {"run_id": "{run}", "path": "a.txt"})
s.do("runs/delete", {"run_id": "{run}"})
s.get("of a deleted run", "/get-artifact", {"run_id": "{run}", "path": "a.txt"})

# ---- odd names, and content codings
s = Scenario("odd names", run=True)
for title, path in {
    "a dot at the end": "end.",
    "dots within and at the end": "v1.0.",
    "a folder with a dot at its end": "fold%201./x",
    "a backslash": "back%5Cslash",
    "three dots": "...",
    "dots and a semicolon": "..;x",
    "a colon at the end": "s3:",
    "a space at the end": "trail%20",
    "a device of another system": "CON",
    "a tab": "a%09tab",
    "a carriage return": "a%0Dreturn",
}.items():
    s.step(f"put {title}", "PUT", f"{ROOT}/{path}", raw=title.encode())
    s.get(f"get {title}", f"{ROOT}/{path}")
    s.get(f"get-artifact {title}", f"/get-artifact?run_id={{run}}&path={path}")
s.get("list", "artifacts/list", {"run_id": "{run}"})
s.get("list the folder", "artifacts/list", {"run_id": "{run}", "path": "fold 1."})
for coding in ("gzip", "x-gzip", "deflate", "br", "gzip, gzip", "nonsense"):
    headers = {"Content-Encoding": coding, "Content-Type": "application/octet-stream"}
    s.step(f"put coded {coding}", "PUT", f"{ROOT}/coded.bin", raw=b"not coded at all", headers=headers)
    s.get(f"get coded {coding}", f"{ROOT}/coded.bin", compare_headers=("Content-Length", "Content-Encoding"))

# ---- upload-artifact
s = Scenario("upload-artifact", run=True)
UPLOAD = AJAX + "upload-artifact"


def upload(title, query, content=b"content", **options):
    s.step(title, "POST", UPLOAD, query=query, raw=content, **options)


upload("plain", {"run_uuid": "{run}", "path": "up.txt"}, headers={"Content-Type": "text/plain"})
s.get("plain, read back", f"{ROOT}/up.txt")
upload("without a content type", {"run_uuid": "{run}", "path": "untyped.txt"}, headers={"Content-Type": "-"})
upload("in folders", {"run_uuid": "{run}", "path": "x/y.txt"}, headers={"Content-Type": "text/plain"})
upload("over it", {"run_uuid": "{run}", "path": "up.txt"}, b"other", headers={"Content-Type": "text/plain"})
upload("JSON", {"run_uuid": "{run}", "path": "up.json"}, b"{}")
s.get("list", "artifacts/list", {"run_id": "{run}"})
upload("no run", {"path": "up.txt"})
upload("run_id instead", {"run_id": "{run}", "path": "up.txt"})
upload("empty run", {"run_uuid": "", "path": "up.txt"})
upload("unknown run", {"run_uuid": "0" * 32, "path": "up.txt"})
upload("no path", {"run_uuid": "{run}"})
upload("empty path", {"run_uuid": "{run}", "path": ""})
upload("nothing at all", None)
upload("no data", {"run_uuid": "{run}", "path": "up.txt"}, b"")
upload("no data and unknown run", {"run_uuid": "0" * 32, "path": "up.txt"}, b"")
for title, path in {
    "upwards": "../a",
    "absolute": "/a",
    "encoded": "%2e%2e/a",
    "backslash": "a\\b",
    "fragment": "a#b",
    "NUL": "a\0b",
    "trailing slash": "folder/",
}.items():
    upload(f"path {title}", {"run_uuid": "{run}", "path": path}, headers={"Content-Type": "text/plain"})
upload(
    "ten megabytes",
    {"run_uuid": "{run}", "path": "ten.bin"},
    b"x" * (10 * 1024 * 1024),
    headers={"Content-Type": "text/plain"},
)
upload(
    "a byte more",
    {"run_uuid": "{run}", "path": "more.bin"},
    b"x" * (10 * 1024 * 1024 + 1),
    headers={"Content-Type": "text/plain"},
)
s.get("by GET", UPLOAD, {"run_uuid": "{run}", "path": "up.txt"})
s.step(
    "not under api",
    "POST",
    API + "upload-artifact",
    query={"run_uuid": "{run}", "path": "a"},
    raw=b"x",
    headers={"Content-Type": "text/plain"},
)
s.do("runs/delete", {"run_id": "{run}"})
upload("to a deleted run", {"run_uuid": "{run}", "path": "late.txt"}, headers={"Content-Type": "text/plain"})

# ---- experiments with a place of their own in the proxied store
s = Scenario("artifacts elsewhere", experiment=False)
s.make_experiment("experiment", "artifacts elsewhere proxied", artifact_location="mlflow-artifacts:/own/place")
s.make_run("run")
s.step("put", "PUT", ARTIFACTS + "/own/place/{run}/artifacts/a.txt", raw=b"x")
s.get("list by run", "artifacts/list", {"run_id": "{run}"})
s.get("get-artifact", "/get-artifact", {"run_id": "{run}", "path": "a.txt"})
s.make_experiment("experiment", "artifacts elsewhere s3", artifact_location="s3://no-such-bucket/place")
s.make_run("run")
s.get("local place that the operator did not name", "runs/get", {"run_id": "{run}"})
