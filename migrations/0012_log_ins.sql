-- Browsers that have logged in; each shows its key as a cookie.
--
-- hash: the SHA-256 of the key, which is nowhere else. source: empty for a log-in by a token, whose hash token_hash is;
-- `password` for a user of the name, whose stored password has the hash token_hash; else the issuer of tokens that has proven the
-- user and the groups (a line each). last_used_time: right to five minutes.
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
