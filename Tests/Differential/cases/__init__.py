"""The table of requests, by resource. Importing the package declares every scenario."""

from cases import (  # noqa: F401
    artifacts,
    datasets,
    experiments,
    history,
    logging_metrics,
    logging_values,
    runs,
    search_experiments,
    search_runs,
    server,
)
