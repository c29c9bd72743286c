-- Who stored what is known by kind and name: a token and a user of the same name share no quota.
--
-- key: `token:` or `user:` and the name; empty for what was stored while nobody was asked. What was stored under a name that both
-- have had counts for the user from now on.
ALTER TABLE storage_owners RENAME COLUMN name TO key;

-- In two steps, because the name of one owner may be the new key of another.
UPDATE storage_owners SET key = char(10) || key WHERE key <> '';

UPDATE storage_owners
SET key = CASE WHEN EXISTS (SELECT 1 FROM users WHERE users.name = substr(key, 2)) THEN 'user:' ELSE 'token:' END
    || substr(key, 2)
WHERE key <> '';
