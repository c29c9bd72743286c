-- Stops MLflow's own tools, which add their tables to any SQLite file they are given.
--
-- MLflow first creates the missing tables of its first schema (`tags` is the only one that Apus does not have), and
-- then lets Alembic migrate the file from the revision in `alembic_version`. Alembic does not know the revision below,
-- prints it in its error message, and changes nothing.

CREATE TABLE alembic_version (
    version_num TEXT NOT NULL PRIMARY KEY
);

INSERT INTO alembic_version (version_num)
VALUES ('none: this is a database of Apus, which MLflow cannot open; start "apus server" on it and use its URL');

CREATE VIEW tags AS SELECT 'see run_tags' AS note;
