-- The tokens by which clients show who they are; without --require-token nobody asks for them.
--
-- hash: the SHA-256 of the token, which is nowhere else. scope: 0 read, 1 write, 2 admin. is_limited: 1 if the token is for
-- the experiments in the other table alone; it stays so when these are removed. last_used_time: right to a minute.
-- user_id: whose token it is; it then allows no more than that user may do. NULL for one that an operator has made.
CREATE TABLE access_tokens (
    id              INTEGER PRIMARY KEY,
    name            TEXT    NOT NULL,
    hash            BLOB    NOT NULL UNIQUE,
    scope           INTEGER NOT NULL,
    is_limited      INTEGER NOT NULL,
    creation_time   INTEGER NOT NULL,
    expiration_time INTEGER,
    last_used_time  INTEGER,
    user_id         INTEGER REFERENCES users (id) ON DELETE CASCADE
) STRICT;

CREATE UNIQUE INDEX access_token_names ON access_tokens (coalesce(user_id, 0), name);

-- An entry goes with its experiment: an import may bring its id back for other runs.
CREATE TABLE access_token_experiments (
    token_id      INTEGER NOT NULL REFERENCES access_tokens (id) ON DELETE CASCADE,
    experiment_id INTEGER NOT NULL,
    PRIMARY KEY (token_id, experiment_id)
) STRICT, WITHOUT ROWID;
