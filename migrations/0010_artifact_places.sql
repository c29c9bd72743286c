-- Where runs and logged models that were imported lie, if that is not their usual place in the location of their experiment.
--
-- holds_ids: 0 if the location is that of one of them, 1 if it is the folder in which they lie by their ids.
CREATE TABLE artifact_places (
    experiment_id INTEGER NOT NULL,
    location      TEXT    NOT NULL,
    holds_ids     INTEGER NOT NULL,
    PRIMARY KEY (experiment_id, location, holds_ids)
) STRICT, WITHOUT ROWID;

INSERT INTO artifact_places (experiment_id, location, holds_ids)
SELECT DISTINCT
    thing.experiment_id,
    iif(substr(thing.artifact_uri, -length(thing.tail)) = thing.tail,
        substr(thing.artifact_uri, 1, length(thing.artifact_uri) - length(thing.tail)),
        thing.artifact_uri),
    substr(thing.artifact_uri, -length(thing.tail)) = thing.tail
FROM (
    SELECT experiment_id, artifact_uri, '/' || run_id || '/artifacts' AS tail, '' AS above FROM runs
    UNION ALL
    SELECT experiment_id, artifact_uri, '/' || model_id || '/artifacts', '/models' FROM logged_models
) AS thing
JOIN experiments ON experiments.id = thing.experiment_id
WHERE thing.artifact_uri <> rtrim(experiments.artifact_location, '/') || thing.above || thing.tail;

-- Another number after each change of these places, or of the locations of experiments.
CREATE TABLE artifact_place_version (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL
) STRICT;

INSERT INTO artifact_place_version (id, version) VALUES (1, 0);

CREATE TRIGGER artifact_place_insert AFTER INSERT ON artifact_places BEGIN
    UPDATE artifact_place_version SET version = version + 1;
END;

CREATE TRIGGER experiment_insert AFTER INSERT ON experiments BEGIN
    UPDATE artifact_place_version SET version = version + 1;
END;

CREATE TRIGGER experiment_location_update AFTER UPDATE OF artifact_location ON experiments BEGIN
    UPDATE artifact_place_version SET version = version + 1;
END;

-- The id of an experiment may come back with an import, and must then be hidden from whoever could see the old one.
CREATE TRIGGER experiment_delete AFTER DELETE ON experiments BEGIN
    UPDATE artifact_place_version SET version = version + 1;
    DELETE FROM artifact_places WHERE experiment_id = old.id;
    DELETE FROM access_token_experiments WHERE experiment_id = old.id;
END;

DELETE FROM access_token_experiments WHERE experiment_id NOT IN (SELECT id FROM experiments);
