"""The queries that MLflow's pages send to /graphql, and what is wrong with others."""

from scenario import Scenario

RUN = """
  info { runName status runUuid artifactUri endTime lifecycleStage startTime userId }
  experiment { name tags { key value } artifactLocation lifecycleStage }
  data { metrics { key value step timestamp } params { key value } tags { key value } }
  inputs { datasetInputs { dataset { digest name profile schema source sourceType } tags { key value } }
           modelInputs { modelId } }
  outputs { modelOutputs { modelId step } }
  modelVersions { status version name source }
"""
GET_RUN = (
    'query GetRun($data: MlflowGetRunInput!) @component(name: "MLflow.ExperimentRunTracking") '
    "{ mlflowGetRun(input: $data) { __typename apiError { helpUrl code message } run { __typename " + RUN + " } } }"
)
SEARCH_RUNS = (
    "query SearchRuns($data: MlflowSearchRunsInput!) { mlflowSearchRuns(input: $data) "
    "{ apiError { helpUrl code message } nextPageToken runs { " + RUN + " } } }"
)
GET_EXPERIMENT = (
    "query MlflowGetExperimentQuery($input: MlflowGetExperimentInput!) { mlflowGetExperiment(input: $input) "
    "{ apiError { code message } experiment { artifactLocation effectiveTraceArchivalRetention lifecycleStage name "
    "workspace tags { key value } } } }"
)
HISTORY = (
    "query GetMetricHistoryBulkInterval($data: MlflowGetMetricHistoryBulkIntervalInput!) "
    "{ mlflowGetMetricHistoryBulkInterval(input: $data) { __typename "
    "metrics { timestamp step runId key value } apiError { code message } } }"
)

s = Scenario("graphql", run=True)
s.do(
    "runs/log-batch",
    {
        "run_id": "{run}",
        "metrics": [
            {"key": "a", "value": 0.5, "timestamp": 1, "step": 0},
            {"key": "b", "value": "NaN", "timestamp": 9007199254740993, "step": 9007199254740993},
            {"key": "c", "value": "-Infinity", "timestamp": 3, "step": -1},
        ],
        "params": [{"key": "p", "value": "é"}],
        "tags": [{"key": "t", "value": "v"}],
    },
)
s.do(
    "runs/log-inputs",
    {
        "run_id": "{run}",
        "datasets": [
            {
                "dataset": {"name": "d", "digest": "g", "source_type": "s", "source": "x", "schema": "{}"},
                "tags": [{"key": "mlflow.data.context", "value": "train"}],
            }
        ],
    },
)
s.make_registered("graphql")
s.make_version("graphql", source="mlflow-artifacts:/{experiment}/{run}/artifacts", run_id="{run}")


def ask(name, query, variables=None, **fields):
    s.post(name, "/graphql", {"query": query, "variables": variables, "operationName": None, **fields})


ask("run", GET_RUN, {"data": {"runId": "{run}"}})
ask("run by its old name", GET_RUN, {"data": {"runUuid": "{run}"}})
ask("unknown run", GET_RUN, {"data": {"runId": "gone"}})
ask("run without an id", GET_RUN, {"data": {}})
ask("runs", SEARCH_RUNS, {"data": {"experimentIds": ["{experiment}"]}})
ask("runs by a filter", SEARCH_RUNS, {"data": {"experimentIds": ["{experiment}"], "filter": "metrics.a > 1"}})
ask("runs by a bad filter", SEARCH_RUNS, {"data": {"experimentIds": ["{experiment}"], "filter": "bad"}})
ask("experiment", GET_EXPERIMENT, {"input": {"experimentId": "{experiment}"}})
ask("unknown experiment", GET_EXPERIMENT, {"input": {"experimentId": "999999"}})
ask("experiment by a word", GET_EXPERIMENT, {"input": {"experimentId": "abc"}})
for key in ("a", "c", "gone"):
    ask(f"history of {key}", HISTORY, {"data": {"runIds": ["{run}"], "metricKey": key, "maxResults": 10}})
ask("history of no run", HISTORY, {"data": {"runIds": [], "metricKey": "a"}})
ask("history with NaN", HISTORY, {"data": {"runIds": ["{run}"], "metricKey": "b"}})
ask("two calls, one in vain", '{ a: mlflowGetRun(input: { runId: "x" }) { __typename } b: __typename }')
ask("fragments", "query Q { ...F ... on Query { b: __typename } } fragment F on Query { a: __typename }")
ask("unknown field", "{ nope }")
ask("unknown operation", "query A { __typename } query B { __typename }", operationName="C")
ask("one of two operations", "query A { __typename } query B { b: __typename }", operationName="B")
ask("two operations without a name", "query A { __typename } query B { __typename }")
ask("refusal: no variables", GET_RUN)
ask("refusal: a variable of another type", GET_RUN, {"data": {"runId": 1}})
ask("refusal: a fragment within itself", "{ ...F } fragment F on Query { ...F }")
ask("refusal: eleven root fields", "{ " + " ".join(f"a{n}: __typename" for n in range(11)) + " }")
ask("a view of runs", SEARCH_RUNS, {"data": {"experimentIds": ["{experiment}"], "runViewType": "ALL"}})
ask("not a query", "{")
ask("introspection", "{ __schema { queryType { name } } }")
ask("mutation", 'mutation { testMutation(inputString: "x") { output } }')
s.step("not JSON", "POST", "/graphql", raw="{ __typename }", headers={"Content-Type": "application/graphql"})
