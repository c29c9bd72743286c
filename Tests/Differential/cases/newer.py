"""What MLflow 3.18 accepts and 3.17.2 does not, and what is not offered of it."""

from scenario import Scenario

s = Scenario("newer searches", experiment=False)
s.make_registered("newer", versions=1)
for title, path, clause in (
    ("experiments", "experiments/search", "attributes.name = 'Default'"),
    ("registered models", "registered-models/search", "attributes.name = 'newer'"),
    ("versions", "model-versions/search", "attributes.name = 'newer'"),
):
    s.get(f"{title} by attributes.", path, {"filter": clause, "max_results": 5})
    s.get(f"{title} by attribute.", path, {"filter": clause.replace("attributes", "attribute"), "max_results": 5})
    s.get(f"{title} by null", path, {"filter": "attributes.name IS NULL", "max_results": 5})

s = Scenario("newer routes", experiment=False)
for method, path in (
    ("GET", "/api/3.0/mlflow/skills"),
    ("POST", "/api/3.0/mlflow/skills"),
    ("GET", "/ajax-api/3.0/mlflow/skills/@team/review/versions"),
    ("DELETE", "/api/3.0/mlflow/skills/review"),
):
    s.step(f"{method} of {path}", method, path, body={} if method == "POST" else None)
