-- What the server that was started last was told by its flags, so that each start can say where servers of one database differ.
CREATE TABLE apus.server_settings (
    name  text COLLATE "C" PRIMARY KEY,
    value text NOT NULL
);
