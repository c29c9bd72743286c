-- What is being removed for good: `apus gc` puts it on this list first, and takes it off when its files are gone.
--
-- What is on the list can no longer be restored. A server or a command that is killed leaves the list, and the next one
-- goes on with it. kind: 0 run, 1 logged model, 2 experiment. owner: its id as clients know it. is_without_rows: 1 once
-- its rows in the other tables are gone, and only its folder of artifacts is left.

CREATE TABLE removals (
    id              INTEGER PRIMARY KEY,
    kind            INTEGER NOT NULL,
    owner           TEXT    NOT NULL,
    location        TEXT    NOT NULL,
    is_without_rows INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, owner)
) STRICT;

-- Runs and models before the experiments that they belong to.
CREATE INDEX removals_by_state ON removals (is_without_rows, kind, id);

-- The highest id of an experiment that was removed. Ids are not reused: a client that still knows one must not log to
-- another experiment. One row, or none.
CREATE TABLE removed_experiments (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    highest INTEGER NOT NULL
) STRICT;

-- The points that a run has logged for models are removed with it.
CREATE INDEX model_metrics_by_run ON model_metrics (run_id);
CREATE INDEX latest_model_metrics_by_run ON latest_model_metrics (run_id);
