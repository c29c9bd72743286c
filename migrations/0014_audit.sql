-- Who changed what, when and from where. An entry is written in the transaction of the change.
--
-- id: the time in Unix milliseconds times 2^20, plus a number within the millisecond. actor_kind: 0 anyone, 1 token, 2 user,
-- 3 command, 4 server; actor: the name of a token or user. action: such as runs/delete. resource_kind: 0 server,
-- 1 experiment, 2 run, 3 logged model, 4 registered model, 5 artifact, 6 token, 7 user, 8 role; resource_id: its id, name or
-- path, empty for the server. detail: a JSON object or nothing. is_refused: 1 for a failed log-in. occurrences: how many of
-- them the entry counts.
CREATE TABLE audit_entries (
    id            INTEGER PRIMARY KEY,
    actor_kind    INTEGER NOT NULL,
    actor         TEXT    NOT NULL,
    address       TEXT    NOT NULL,
    action        TEXT    NOT NULL,
    resource_kind INTEGER NOT NULL,
    resource_id   TEXT    NOT NULL,
    detail        TEXT    NOT NULL,
    is_refused    INTEGER NOT NULL,
    occurrences   INTEGER NOT NULL
) STRICT;

CREATE INDEX audit_entries_by_resource ON audit_entries (resource_id) WHERE resource_id <> '';
