-- Registered models, their versions, tags and aliases; prompts are registered models too.
--
-- Stages: 0 None, 1 Staging, 2 Production, 3 Archived. is_prompt of a model: whether its tag `mlflow.prompt.is_prompt`
-- is 'true'; of a version: whether a version of its model has that tag. Both are updated with the tags, so that a
-- search without prompts need not read tags.

CREATE TABLE registered_models (
    id                INTEGER PRIMARY KEY,
    name              TEXT    NOT NULL UNIQUE,
    description       TEXT    NOT NULL,
    creation_time     INTEGER NOT NULL,
    last_updated_time INTEGER NOT NULL,
    is_prompt         INTEGER NOT NULL,
    -- The highest version number ever used; numbers are not reused.
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

-- Values have up to 100 KB, so the indexes hold a prefix.
CREATE INDEX registered_model_tags_by_value ON registered_model_tags (key, substr(value, 1, 40), model_id);

-- A deleted version leaves no row. The name is a copy of the model's name, because the orders of versions end with it;
-- renaming a model updates all its versions, as in the reference.
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
    -- The location of the artifacts; NULL if it equals the source.
    storage_location  TEXT,
    -- Empty if the client gave none.
    run_id            TEXT    NOT NULL,
    run_link          TEXT    NOT NULL,
    UNIQUE (model_id, version)
) STRICT;

-- The latest version of each stage.
CREATE INDEX model_versions_by_stage ON model_versions (model_id, stage, version);

-- The sort orders of a search, the default order first.
CREATE INDEX model_versions_by_update ON model_versions (is_prompt, last_updated_time DESC, name, version DESC);
CREATE INDEX model_versions_by_name ON model_versions (is_prompt, name, version DESC);
CREATE INDEX model_versions_by_version ON model_versions (is_prompt, version, name);
CREATE INDEX model_versions_by_version_descending ON model_versions (is_prompt, version DESC, name);
CREATE INDEX model_versions_by_creation ON model_versions (is_prompt, creation_time, name);

-- The default order of the versions of one model and of one run.
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
