"""The same over PostgreSQL, which lives on while the server is killed."""

from __future__ import annotations

from cases import Options, Result
from postgres import PostgresServer
from server_kills import kill_servers
from servers import ApusServer


def run(options: Options) -> Result:
    with PostgresServer("fsync=on", "max_connections=100") as postgres:

        def new_server(folder, number, _):
            database = postgres.create(f"kills_{number}")
            return ApusServer(["--backend-store-uri", postgres.uri(database)], directory=folder)

        return kill_servers(options, "kills-postgresql", 100, new_server)
