-- What other servers have of this store: `apus server --upstream` and `apus push` send what is missing there.
--
-- A row says what was confirmed there. It is written after the answer, so that after a kill something is sent again at
-- worst, which those servers take once.

-- The servers, by their addresses without name and password. kind: Apus or MLflow; NULL before it has answered.
CREATE TABLE upstreams (
    id   INTEGER PRIMARY KEY,
    uri  TEXT NOT NULL UNIQUE,
    kind TEXT
) STRICT;

-- target: the run's id there; NULL before it is known to be there. sent: what it has there, as JSON. artifact_entry: the
-- newest entry of the artifact journal when the run's files were last compared; NULL before. failure: why the last attempt
-- failed. is_skipped: 1 if the operator wants nothing of it to be sent.
CREATE TABLE forwarded_runs (
    run_id         INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    upstream_id    INTEGER NOT NULL REFERENCES upstreams (id),
    target         TEXT,
    sent           TEXT    NOT NULL DEFAULT '',
    sent_time      INTEGER,
    artifact_entry INTEGER,
    failure        TEXT,
    is_skipped     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, upstream_id)
) STRICT, WITHOUT ROWID;

-- The points of each metric that were sent, and the last of them. If points remain although none comes after the last one,
-- some came late, and all are sent again.
CREATE TABLE forwarded_points (
    run_id      INTEGER NOT NULL,
    upstream_id INTEGER NOT NULL,
    key_id      INTEGER NOT NULL,
    point_count INTEGER NOT NULL,
    timestamp   INTEGER NOT NULL,
    step        INTEGER NOT NULL,
    value       REAL    NOT NULL,
    is_nan      INTEGER NOT NULL,
    PRIMARY KEY (run_id, upstream_id, key_id),
    FOREIGN KEY (run_id, upstream_id) REFERENCES forwarded_runs (run_id, upstream_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The artifact files that were sent. kind and owner: 0 and the id of a run, 1 and that of a logged model. version tells one
-- upload of the file from another.
CREATE TABLE forwarded_files (
    upstream_id INTEGER NOT NULL REFERENCES upstreams (id),
    kind        INTEGER NOT NULL,
    owner       TEXT    NOT NULL,
    path        TEXT    NOT NULL,
    bytes       INTEGER NOT NULL,
    version     TEXT    NOT NULL,
    PRIMARY KEY (upstream_id, kind, owner, path)
) STRICT, WITHOUT ROWID;

-- Other things that were sent. kind: 0 experiment, 1 logged model, 2 registered model, 3 version of one. name: its id or name
-- here, target: there. digest: of all that was sent of it. artifact_entry: of a logged model, as of a run.
CREATE TABLE forwarded_things (
    upstream_id    INTEGER NOT NULL REFERENCES upstreams (id),
    kind           INTEGER NOT NULL,
    name           TEXT    NOT NULL,
    target         TEXT    NOT NULL,
    digest         TEXT    NOT NULL,
    failure        TEXT,
    artifact_entry INTEGER,
    PRIMARY KEY (upstream_id, kind, name)
) STRICT, WITHOUT ROWID;

-- What a server cannot hold, or has differently, with the reason: it is not sent again until it changes. subject: the run,
-- model or experiment, part: what of it.
CREATE TABLE forward_omissions (
    upstream_id INTEGER NOT NULL REFERENCES upstreams (id),
    subject     TEXT    NOT NULL,
    part        TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    time        INTEGER NOT NULL,
    PRIMARY KEY (upstream_id, subject, part)
) STRICT, WITHOUT ROWID;
