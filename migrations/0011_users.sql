-- The users of a server that asks who they are (--app-name basic-auth), and what their roles allow.
--
-- password: a salted hash of a slow function in the form of passlib and Werkzeug, `pbkdf2:sha256:rounds$salt$hash`; NULL for one
-- who logs in elsewhere.
CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT    NOT NULL UNIQUE,
    password      TEXT,
    is_admin      INTEGER NOT NULL,
    creation_time INTEGER NOT NULL
) STRICT;

-- workspace: MLflow's name for a part of a server; `default` is the only one that counts here.
-- user_id: the user whose own grants the role holds; NULL for a role that an admin has made.
CREATE TABLE roles (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace   TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    description TEXT,
    user_id     INTEGER UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    UNIQUE (workspace, name)
) STRICT;

-- resource_type, resource_pattern and permission are MLflow's words; a pattern is an id, a name or `*`.
CREATE TABLE role_permissions (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    role_id          INTEGER NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    resource_type    TEXT    NOT NULL,
    resource_pattern TEXT    NOT NULL,
    permission       TEXT    NOT NULL,
    UNIQUE (role_id, resource_type, resource_pattern)
) STRICT;

CREATE INDEX role_permissions_by_resource ON role_permissions (resource_type, resource_pattern);

CREATE TABLE user_roles (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role_id INTEGER NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    UNIQUE (user_id, role_id)
) STRICT;

CREATE INDEX user_roles_by_role ON user_roles (role_id);

-- The id of an experiment may come back with an import, and must then give nothing to those who could use the old one.
CREATE TRIGGER experiment_grants_delete AFTER DELETE ON experiments BEGIN
    DELETE FROM role_permissions WHERE resource_type = 'experiment' AND resource_pattern = CAST(old.id AS TEXT);
END;
