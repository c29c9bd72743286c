"""The server's own routes, and what is not there."""

from scenario import API, Scenario

HEADERS = ("X-Content-Type-Options", "X-Frame-Options")

s = Scenario("server", experiment=False)
s.get("health", "/health", compare_headers=HEADERS)
s.get("version", "/version", compare_headers=HEADERS)
s.get("health with a query", "/health", {"a": "b"})
s.step("head of health", "HEAD", "/health")
s.post("post to health", "/health", {})
s.get("server-info", "/api/3.0/mlflow/server-info")
s.get("server-info under ajax-api", "/ajax-api/3.0/mlflow/server-info")
s.get("server-info of 2.0", API + "server-info")
s.get("a JSON answer's headers", API + "experiments/get", {"experiment_id": "0"}, compare_headers=HEADERS)
s.get("an error's headers", API + "experiments/get", {"experiment_id": "99999999"}, compare_headers=HEADERS)

s = Scenario("no such route", experiment=False)
for title, path in {
    "unknown below api": API + "nonsense",
    "unknown below mlflow": "/api/2.0/nonsense",
    "unknown version": "/api/9.0/mlflow/experiments/search",
    "unknown at the root": "/nonsense",
    "a trailing slash": API + "experiments/get/",
    "a doubled slash": "/api/2.0/mlflow//experiments/get",
    "another case": API + "Experiments/Get",
    "one part too many": API + "experiments/get/1",
    "ajax only, under api": API + "upload-artifact",
    "favicon": "/favicon-nonsense.ico",
    "graphql by GET": "/graphql-nonsense",
}.items():
    s.get(f"{title}", path)
    s.post(f"{title} by POST", path, {})

s = Scenario("wrong method", experiment=False)
ROUTES = {
    "POST": [
        "experiments/create",
        "experiments/delete",
        "experiments/restore",
        "experiments/update",
        "experiments/set-experiment-tag",
        "experiments/delete-experiment-tag",
        "runs/create",
        "runs/update",
        "runs/delete",
        "runs/restore",
        "runs/search",
        "runs/log-metric",
        "runs/log-parameter",
        "runs/set-tag",
        "runs/delete-tag",
        "runs/log-batch",
        "runs/log-inputs",
        "runs/outputs",
        "runs/log-model",
    ],
    "GET": [
        "experiments/get",
        "experiments/get-by-name",
        "runs/get",
        "metrics/get-history",
        "metrics/get-history-bulk-interval",
        "artifacts/list",
    ],
}
for path in ROUTES["POST"]:
    s.get(f"GET of {path}", path)
    s.step(f"PUT to {path}", "PUT", path, body={})
for path in ROUTES["GET"]:
    s.post(f"POST to {path}", path, {})
    s.step(f"DELETE of {path}", "DELETE", path)
s.step("PATCH of experiments/search", "PATCH", API + "experiments/search", body={})
s.step("DELETE of health", "DELETE", "/health")

s = Scenario("hosts and origins")
body = {"experiment_id": "{experiment}", "key": "a", "value": "b"}
for title, headers in {
    "localhost origin": {"Origin": "http://localhost:3000"},
    "loopback origin": {"Origin": "http://127.0.0.1:9999"},
    "foreign origin": {"Origin": "http://evil.example"},
    "foreign https origin": {"Origin": "https://evil.example"},
    "null origin": {"Origin": "null"},
    "origin that begins like localhost": {"Origin": "http://localhost.evil.example"},
    "IPv6 loopback origin": {"Origin": "http://[::1]:80"},
    "foreign host": {"Host": "evil.example"},
    "foreign host with a port": {"Host": "evil.example:5000"},
    "localhost host": {"Host": "localhost"},
    "localhost host with a port": {"Host": "localhost:1234"},
    "loopback host": {"Host": "127.0.0.1"},
    "private host": {"Host": "192.168.1.5:5000"},
    "other private host": {"Host": "10.1.2.3"},
    "third private host": {"Host": "172.16.0.9"},
    "public address": {"Host": "8.8.8.8"},
    "IPv6 host": {"Host": "[::1]:5000"},
    "host that ends like localhost": {"Host": "evil-localhost"},
    "host that begins like an address": {"Host": "127.0.0.1.evil.example"},
    "subdomain of localhost": {"Host": "a.localhost"},
    "host in capitals": {"Host": "LOCALHOST:5000"},
    "private prefix of a name": {"Host": "192.168.evil.example"},
    "empty origin": {"Origin": ""},
}.items():
    s.post(f"POST with {title}", API + "experiments/set-experiment-tag", body, headers=headers)
    s.get(f"GET with {title}", API + "experiments/get", {"experiment_id": "{experiment}"}, headers=headers)
    s.get(f"health with {title}", "/health", headers=headers)
CORS = (
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Credentials",
    "Vary",
)
for title, origin in {"localhost": "http://localhost:3000", "foreign": "http://evil.example"}.items():
    s.step(
        f"preflight from {title}",
        "OPTIONS",
        API + "runs/create",
        compare_headers=CORS,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    s.get(
        f"CORS headers for {title}",
        API + "experiments/get",
        {"experiment_id": "0"},
        headers={"Origin": origin},
        compare_headers=CORS,
    )
s.step("options without an origin", "OPTIONS", API + "runs/create")

s = Scenario("not offered", experiment=False)
s.step("v1 traces", "POST", "/v1/traces", raw=b"", headers={"Content-Type": "application/x-protobuf"})
s.post("traces", "/api/3.0/mlflow/traces", {})
s.post("search traces", "/api/3.0/mlflow/traces/search", {})
s.post("gateway", "/gateway/nonsense/invocations", {})

s = Scenario("query strings", experiment=False)
s.make_experiment("experiment", "a b+c%d&e=f;g/é")
NAME = API + "experiments/get-by-name?experiment_name="
for title, query in {
    "percent-encoded": "a%20b%2Bc%25d%26e%3Df%3Bg%2F%C3%A9",
    "plus for space": "a+b%2Bc%25d%26e%3Df%3Bg%2F%C3%A9",
    "plus as it is": "a%20b+c%25d%26e%3Df%3Bg%2F%C3%A9",
    "lower-case digits": "a%20b%2bc%25d%26e%3df%3bg%2f%c3%a9",
    "equals, semicolon and slash as they are": "a%20b%2Bc%25d%26e=f;g/%C3%A9",
    "a bare percent": "a%20b%2Bc%d%26e%3Df%3Bg%2F%C3%A9",
    "twice encoded": "a%2520b",
    "bad digits": "%zz",
    "invalid UTF-8": "%ff%fe",
    "overlong UTF-8": "%c0%af",
    "a NUL": "no%00such",
    "nothing": "",
    "another name after it": "a%20b%2Bc%25d%26e%3Df%3Bg%2F%C3%A9&x=y",
    "the name twice": "a%20b%2Bc%25d%26e%3Df%3Bg%2F%C3%A9&experiment_name=z",
    "an empty pair": "a%20b%2Bc%25d%26e%3Df%3Bg%2F%C3%A9&&=&",
    "a question mark": "a?b",
}.items():
    s.get(title, NAME + query)
s.get("the field name encoded", API + "experiments/get-by-name?%65xperiment_name=a+b%2Bc%25d%26e%3Df%3Bg/%C3%A9")
s.get("no value", API + "experiments/get-by-name?experiment_name")
s.get("an empty query", API + "experiments/get-by-name?")
s.get("the path encoded", "/api/2.0/mlflow/experiments/%67et?experiment_id=0")
s.get("a slash in the path encoded", "/api/2.0/mlflow/experiments%2Fget?experiment_id=0")
