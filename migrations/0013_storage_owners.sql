-- Who stored what: the sums that quotas are held against, kept by the triggers below.
--
-- name: that of a token or a user; empty for what was stored while nobody was asked. bytes: the sizes of files as they are
-- stored, whether or not they share their space. runs: those that are not removed for good.

CREATE TABLE storage_owners (
    id    INTEGER PRIMARY KEY,
    name  TEXT    NOT NULL UNIQUE,
    bytes INTEGER NOT NULL DEFAULT 0,
    files INTEGER NOT NULL DEFAULT 0,
    runs  INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO storage_owners (id, name) VALUES (1, '');

-- One row for each artifact that went through the server, by its path relative to the artifact root.
CREATE TABLE stored_artifacts (
    path     TEXT    NOT NULL PRIMARY KEY,
    owner_id INTEGER NOT NULL REFERENCES storage_owners (id),
    bytes    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER stored_artifact_insert AFTER INSERT ON stored_artifacts BEGIN
    UPDATE storage_owners SET bytes = bytes + new.bytes, files = files + 1 WHERE id = new.owner_id;
END;

CREATE TRIGGER stored_artifact_delete AFTER DELETE ON stored_artifacts BEGIN
    UPDATE storage_owners SET bytes = bytes - old.bytes, files = files - 1 WHERE id = old.owner_id;
END;

-- The runs whose creator is known. run_id: the row of the run.
CREATE TABLE run_owners (
    run_id   INTEGER PRIMARY KEY,
    owner_id INTEGER NOT NULL REFERENCES storage_owners (id)
) STRICT;

CREATE TRIGGER run_owner_insert AFTER INSERT ON run_owners BEGIN
    UPDATE storage_owners SET runs = runs + 1 WHERE id = new.owner_id;
END;

CREATE TRIGGER run_owner_delete AFTER DELETE ON run_owners BEGIN
    UPDATE storage_owners SET runs = runs - 1 WHERE id = old.owner_id;
END;

CREATE TRIGGER owned_run_delete AFTER DELETE ON runs BEGIN
    DELETE FROM run_owners WHERE run_id = old.id;
END;

-- What the journal tells of files that are still there: the last upload of each path, unless the path or a folder above it
-- was deleted later.
INSERT INTO stored_artifacts (path, owner_id, bytes)
WITH RECURSIVE
    uploads (path, bytes, last) AS (
        SELECT path, bytes, max(id) FROM artifact_journal WHERE kind = 0 AND path <> '' GROUP BY path
    ),
    places (path, place, last) AS (
        SELECT path, path, last FROM uploads
        UNION ALL
        SELECT path, rtrim(rtrim(place, replace(place, '/', '')), '/'), last FROM places WHERE instr(place, '/') > 0
    ),
    deleted (path) AS (
        SELECT DISTINCT places.path
        FROM places
        JOIN artifact_journal AS deletion ON deletion.path = places.place
        WHERE deletion.kind = 1 AND deletion.id > places.last
    )
SELECT path, 1, bytes FROM uploads WHERE path NOT IN (SELECT path FROM deleted);
