-- Registered models, their versions, tags and aliases; prompts are registered models too.
--
-- Stages: 0 None, 1 Staging, 2 Production, 3 Archived. is_prompt of a model: its tag `mlflow.prompt.is_prompt` is 'true';
-- of a version: some version of its model has that tag. Both follow the tags, so that a search that leaves prompts out
-- looks at no tag.

CREATE TABLE registered_models (
    id                INTEGER PRIMARY KEY,
    name              TEXT    NOT NULL UNIQUE,
    description       TEXT    NOT NULL,
    creation_time     INTEGER NOT NULL,
    last_updated_time INTEGER NOT NULL,
    is_prompt         INTEGER NOT NULL,
    -- The highest number that a version of the model ever had; a number is not given twice.
    last_version      INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX registered_models_by_name ON registered_models (is_prompt, name);
CREATE INDEX registered_models_by_update ON registered_models (is_prompt, last_updated_time DESC, name);

CREATE TABLE registered_model_tags (
    model_id INTEGER NOT NULL REFERENCES registered_models (id) ON DELETE CASCADE,
    key      TEXT    NOT NULL,
    value    TEXT    NOT NULL,
    PRIMARY KEY (model_id, key)
) STRICT;

-- Values reach 100 KB: the indexes hold a prefix.
CREATE INDEX registered_model_tags_by_value ON registered_model_tags (key, substr(value, 1, 40), model_id);

-- A deleted version leaves no row. The name is the model's: orders of versions end in it, and the reference writes every
-- version of a model when the model is renamed.
CREATE TABLE model_versions (
    id                INTEGER PRIMARY KEY,
    model_id          INTEGER NOT NULL REFERENCES registered_models (id) ON DELETE CASCADE,
    version           INTEGER NOT NULL,
    name              TEXT    NOT NULL,
    is_prompt         INTEGER NOT NULL,
    stage             INTEGER NOT NULL DEFAULT 0,
    creation_time     INTEGER NOT NULL,
    last_updated_time INTEGER NOT NULL,
    description       TEXT,
    source            TEXT    NOT NULL,
    -- Where the artifacts lie; NULL where that is the source.
    storage_location  TEXT,
    -- Empty where the client named none.
    run_id            TEXT    NOT NULL,
    run_link          TEXT    NOT NULL,
    UNIQUE (model_id, version)
) STRICT;

-- The latest version of each stage.
CREATE INDEX model_versions_by_stage ON model_versions (model_id, stage, version);

-- The orders of a search, the default one first.
CREATE INDEX model_versions_by_update ON model_versions (is_prompt, last_updated_time DESC, name, version DESC);
CREATE INDEX model_versions_by_name ON model_versions (is_prompt, name, version DESC);
CREATE INDEX model_versions_by_version ON model_versions (is_prompt, version, name);
CREATE INDEX model_versions_by_version_descending ON model_versions (is_prompt, version DESC, name);
CREATE INDEX model_versions_by_creation ON model_versions (is_prompt, creation_time, name);

-- The default order among the versions of a model and of a run.
CREATE INDEX model_versions_by_model ON model_versions (name, is_prompt, last_updated_time DESC, version DESC);
CREATE INDEX model_versions_by_run ON model_versions (run_id, is_prompt, last_updated_time DESC, name, version DESC);

CREATE TABLE model_version_tags (
    version_id INTEGER NOT NULL REFERENCES model_versions (id) ON DELETE CASCADE,
    key        TEXT    NOT NULL,
    value      TEXT    NOT NULL,
    PRIMARY KEY (version_id, key)
) STRICT;

CREATE INDEX model_version_tags_by_value ON model_version_tags (key, substr(value, 1, 40), version_id);

CREATE TABLE registered_model_aliases (
    model_id INTEGER NOT NULL REFERENCES registered_models (id) ON DELETE CASCADE,
    alias    TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    PRIMARY KEY (model_id, alias)
) STRICT, WITHOUT ROWID;

CREATE INDEX registered_model_aliases_by_version ON registered_model_aliases (model_id, version);
