-- Stops MLflow's own tools, which add tables to any SQLite file that they are pointed at.
--
-- MLflow makes the tables of its first schema that are missing (`tags` is the only one of them that Apus has not) and
-- then lets Alembic bring the file up to date from the revision in `alembic_version`. Alembic knows no such revision,
-- prints it in its error, and has changed nothing.

CREATE TABLE alembic_version (
    version_num TEXT NOT NULL PRIMARY KEY
);

INSERT INTO alembic_version (version_num)
VALUES ('none: this is a database of Apus, which MLflow cannot open; start "apus server" on it and use its URL');

CREATE VIEW tags AS SELECT 'see run_tags' AS note;
