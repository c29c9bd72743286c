-- One row for each upload and each deletion of an artifact, about 200 bytes with its indexes.
--
-- kind: 0 upload, 1 deletion. path: relative to the artifact root. run_id: the row of the run; NULL if the path belongs
-- to no run. bytes: the size of the file, or of all deleted files. duration: in microseconds. is_shared: 1 if the file
-- shares the disk space of an equal file. sha256: NULL if not computed.

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

-- For audits (events since a time) and lineage (events of a path or of a run).
CREATE INDEX artifact_journal_by_time ON artifact_journal (time);
CREATE INDEX artifact_journal_by_path ON artifact_journal (path, time);
CREATE INDEX artifact_journal_by_run ON artifact_journal (run_id, time) WHERE run_id IS NOT NULL;

-- To find a file with equal content; only `--deduplicate-artifacts` fills sha256.
CREATE INDEX artifact_journal_by_content ON artifact_journal (sha256) WHERE sha256 IS NOT NULL;
