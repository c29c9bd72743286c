-- Browsers that have logged in; each shows its key as a cookie.
--
-- hash: the SHA-256 of the key, which is nowhere else. token_hash: that of the token by which it was, and nothing else then says
-- who it is; without one, name, groups (a line each) and source say what a proxy or an issuer of tokens has proven.
-- last_used_time: right to five minutes.
CREATE TABLE log_ins (
    id              INTEGER PRIMARY KEY,
    hash            BLOB    NOT NULL UNIQUE,
    name            TEXT    NOT NULL,
    source          TEXT    NOT NULL,
    groups          TEXT    NOT NULL,
    token_hash      BLOB,
    creation_time   INTEGER NOT NULL,
    last_used_time  INTEGER NOT NULL,
    expiration_time INTEGER NOT NULL
) STRICT;

CREATE INDEX log_ins_by_name ON log_ins (name, last_used_time);
