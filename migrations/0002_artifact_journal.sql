-- One row for each upload and each deletion of an artifact, about 200 bytes with its indexes.
--
-- kind: 0 upload, 1 deletion. path: beneath its artifact root. run_id: the row of the run, NULL when the path is of none.
-- bytes: of the file, or of all files deleted. duration: microseconds. is_shared: the file takes no space of its own.
-- sha256: NULL where nobody asked for it.

CREATE TABLE artifact_journal (
    id        INTEGER PRIMARY KEY,
    time      INTEGER NOT NULL,
    kind      INTEGER NOT NULL,
    path      TEXT    NOT NULL,
    run_id    INTEGER,
    bytes     INTEGER NOT NULL,
    duration  INTEGER NOT NULL,
    is_shared INTEGER NOT NULL,
    sha256    BLOB
) STRICT;

-- Audit: what happened since. Lineage: what happened to a path, and in a run.
CREATE INDEX artifact_journal_by_time ON artifact_journal (time);
CREATE INDEX artifact_journal_by_path ON artifact_journal (path, time);
CREATE INDEX artifact_journal_by_run ON artifact_journal (run_id, time) WHERE run_id IS NOT NULL;

-- Where a content may be found again; only `--deduplicate-artifacts` fills it.
CREATE INDEX artifact_journal_by_content ON artifact_journal (sha256) WHERE sha256 IS NOT NULL;
