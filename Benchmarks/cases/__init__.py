"""The cases of the benchmark in the order in which they run."""

from . import artifacts, client, dear_searches, history, models, search, startup, storage, writes

CASES = {
    "start": startup.start,
    "memory": startup.memory,
    "log-metric": writes.log_metric,
    "tokens": writes.tokens,
    "users": writes.users,
    "log-metric-wide": writes.log_metric_wide,
    "log-batch": writes.log_batch,
    "run-life": writes.run_life,
    "client": client.client,
    "search": search.search,
    "search-large": search.search_large,
    "dear-searches": dear_searches.dear_searches,
    "models": models.models,
    "history": history.history,
    "artifacts": artifacts.artifacts,
    "storage": storage.storage,
}
