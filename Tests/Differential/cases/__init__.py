"""The table of requests, by resource. Importing the package declares every scenario."""

from cases import (  # noqa: F401
    artifacts,
    datasets,
    experiments,
    graphql,
    history,
    ids,
    logged_models,
    logging_metrics,
    logging_values,
    model_metrics,
    model_versions,
    newer,
    registered_models,
    runs,
    search_experiments,
    search_logged_models,
    search_registry,
    search_runs,
    server,
)
