-- Experiments, runs, their params, tags, metrics and inputs.
--
-- Lifecycle stages: 0 active, 1 deleted. Run statuses carry the numbers of MLflow's RunStatus.
-- Times are Unix milliseconds. Text compares byte by byte.

CREATE TABLE experiments (
    id                INTEGER PRIMARY KEY,
    name              TEXT    NOT NULL UNIQUE,
    artifact_location TEXT    NOT NULL,
    lifecycle_stage   INTEGER NOT NULL DEFAULT 0,
    creation_time     INTEGER NOT NULL,
    last_update_time  INTEGER NOT NULL
) STRICT;

CREATE TABLE experiment_tags (
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    key           TEXT    NOT NULL,
    value         TEXT    NOT NULL,
    PRIMARY KEY (experiment_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    id              INTEGER PRIMARY KEY,
    run_id          TEXT    NOT NULL UNIQUE,
    experiment_id   INTEGER NOT NULL REFERENCES experiments (id),
    name            TEXT    NOT NULL,
    user_id         TEXT    NOT NULL,
    status          INTEGER NOT NULL,
    start_time      INTEGER NOT NULL,
    end_time        INTEGER,
    deleted_time    INTEGER,
    lifecycle_stage INTEGER NOT NULL DEFAULT 0,
    artifact_uri    TEXT    NOT NULL
) STRICT;

-- The default order of a search: newest run first, ties by run id.
CREATE INDEX runs_by_start_time ON runs (experiment_id, lifecycle_stage, start_time DESC, run_id);

-- The names of metrics, params and run tags, each stored once; the tables below refer to them by id.
CREATE TABLE keys (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- One row per point, clustered in the order of a history query; a repeated point is not stored twice. NaN is stored as
-- 0 with its flag.
CREATE TABLE metrics (
    run_id    INTEGER NOT NULL,
    key_id    INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    step      INTEGER NOT NULL,
    value     REAL    NOT NULL,
    is_nan    INTEGER NOT NULL,
    PRIMARY KEY (run_id, key_id, timestamp, step, value, is_nan)
) STRICT, WITHOUT ROWID;

-- The latest point of each metric by (step, timestamp, value), the number of its points, and whether the points arrived
-- in ascending order both by (timestamp, step) and by (step, timestamp).
CREATE TABLE latest_metrics (
    run_id      INTEGER NOT NULL,
    key_id      INTEGER NOT NULL,
    value       REAL    NOT NULL,
    is_nan      INTEGER NOT NULL,
    timestamp   INTEGER NOT NULL,
    step        INTEGER NOT NULL,
    point_count INTEGER NOT NULL,
    in_order    INTEGER NOT NULL,
    PRIMARY KEY (run_id, key_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX latest_metrics_by_value ON latest_metrics (key_id, is_nan, value);

-- Values have up to 8 KB, so the index holds only a prefix of the value. It also holds the run id, so that a query for
-- the runs with a value reads only the index.
CREATE TABLE params (
    run_id INTEGER NOT NULL,
    key_id INTEGER NOT NULL,
    value  TEXT    NOT NULL,
    PRIMARY KEY (run_id, key_id)
) STRICT;

CREATE INDEX params_by_value ON params (key_id, substr(value, 1, 40), run_id);

CREATE TABLE run_tags (
    run_id INTEGER NOT NULL,
    key_id INTEGER NOT NULL,
    value  TEXT    NOT NULL,
    PRIMARY KEY (run_id, key_id)
) STRICT;

CREATE INDEX run_tags_by_value ON run_tags (key_id, substr(value, 1, 40), run_id);

CREATE TABLE datasets (
    id            INTEGER PRIMARY KEY,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    name          TEXT    NOT NULL,
    digest        TEXT    NOT NULL,
    source_type   TEXT    NOT NULL,
    source        TEXT    NOT NULL,
    schema        TEXT,
    profile       TEXT,
    UNIQUE (experiment_id, name, digest)
) STRICT;

CREATE TABLE dataset_inputs (
    id         INTEGER PRIMARY KEY,
    run_id     INTEGER NOT NULL REFERENCES runs (id),
    dataset_id INTEGER NOT NULL REFERENCES datasets (id),
    UNIQUE (run_id, dataset_id)
) STRICT;

CREATE INDEX dataset_inputs_by_dataset ON dataset_inputs (dataset_id);

CREATE TABLE dataset_input_tags (
    input_id INTEGER NOT NULL REFERENCES dataset_inputs (id),
    key      TEXT    NOT NULL,
    value    TEXT    NOT NULL,
    PRIMARY KEY (input_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_inputs (
    run_id   INTEGER NOT NULL REFERENCES runs (id),
    model_id TEXT    NOT NULL,
    PRIMARY KEY (run_id, model_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_outputs (
    run_id   INTEGER NOT NULL REFERENCES runs (id),
    model_id TEXT    NOT NULL,
    step     INTEGER NOT NULL,
    PRIMARY KEY (run_id, model_id)
) STRICT, WITHOUT ROWID;
