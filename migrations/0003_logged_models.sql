-- Logged models, their params, tags and metrics.
--
-- Lifecycle stages as in 0001. Statuses are the numbers of MLflow's LoggedModelStatus. `model_type` and `source_run_id`
-- are empty if the client gave none. The other tables refer to a model by `id`, not by `model_id`.

CREATE TABLE logged_models (
    id                INTEGER PRIMARY KEY,
    model_id          TEXT    NOT NULL UNIQUE,
    experiment_id     INTEGER NOT NULL REFERENCES experiments (id),
    name              TEXT    NOT NULL,
    artifact_uri      TEXT    NOT NULL,
    status            INTEGER NOT NULL,
    status_message    TEXT,
    model_type        TEXT    NOT NULL,
    source_run_id     TEXT    NOT NULL,
    creation_time     INTEGER NOT NULL,
    last_updated_time INTEGER NOT NULL,
    lifecycle_stage   INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The default order of a search: newest model first, ties by model id. The index also holds the name, so that a search
-- for a part of a name reads only the index.
CREATE INDEX logged_models_by_creation_time
    ON logged_models (experiment_id, lifecycle_stage, creation_time DESC, model_id, name);

CREATE INDEX logged_models_by_name
    ON logged_models (experiment_id, lifecycle_stage, name, creation_time DESC, model_id);

CREATE INDEX logged_models_by_source_run ON logged_models (source_run_id);

-- As for `params` and `run_tags`, the indexes hold a prefix of the value.
CREATE TABLE logged_model_params (
    model_id INTEGER NOT NULL,
    key_id   INTEGER NOT NULL,
    value    TEXT    NOT NULL,
    PRIMARY KEY (model_id, key_id)
) STRICT;

CREATE INDEX logged_model_params_by_value ON logged_model_params (key_id, substr(value, 1, 40), model_id);

CREATE TABLE logged_model_tags (
    model_id INTEGER NOT NULL,
    key_id   INTEGER NOT NULL,
    value    TEXT    NOT NULL,
    PRIMARY KEY (model_id, key_id)
) STRICT;

CREATE INDEX logged_model_tags_by_value ON logged_model_tags (key_id, substr(value, 1, 40), model_id);

-- Datasets of metrics, by name and digest. An empty digest stands for all digests of the name, an empty name for all
-- names with the digest.
CREATE TABLE metric_datasets (
    id     INTEGER PRIMARY KEY,
    name   TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (name, digest)
) STRICT;

-- One row per point of a model; a repeated point is not stored twice. dataset_id is 0 for no dataset. NaN is stored as
-- 0.
CREATE TABLE model_metrics (
    model_id   INTEGER NOT NULL,
    key_id     INTEGER NOT NULL,
    timestamp  INTEGER NOT NULL,
    step       INTEGER NOT NULL,
    run_id     INTEGER NOT NULL,
    dataset_id INTEGER NOT NULL,
    value      REAL    NOT NULL,
    PRIMARY KEY (model_id, key_id, timestamp, step, run_id, dataset_id, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX model_metrics_by_value ON model_metrics (key_id, value, model_id);

-- The latest point of each metric of a model by (timestamp, step), ties by the lower run id, for each scope: 0 for all
-- datasets, or a row of metric_datasets.
CREATE TABLE latest_model_metrics (
    model_id  INTEGER NOT NULL,
    key_id    INTEGER NOT NULL,
    scope_id  INTEGER NOT NULL,
    value     REAL    NOT NULL,
    timestamp INTEGER NOT NULL,
    step      INTEGER NOT NULL,
    run_id    INTEGER NOT NULL,
    PRIMARY KEY (model_id, key_id, scope_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX latest_model_metrics_by_value ON latest_model_metrics (key_id, scope_id, value);

-- The models that have a metric on a dataset.
CREATE INDEX latest_model_metrics_by_scope ON latest_model_metrics (scope_id, model_id) WHERE scope_id > 0;
