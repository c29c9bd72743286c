"""A pooler before a server of PostgreSQL, as PgBouncer with pool_mode = transaction: all clients share one session of the server, a
transaction each.

    with TransactionPooler(server.port) as pooler:
        pooler.port
"""

from __future__ import annotations

import socket
import struct
import threading

# The requests for TLS and for encryption by Kerberos, which come before the log-in.
ENCRYPTION_REQUESTS = (80877103, 80877104)


class TransactionPooler:
    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.turn = threading.Lock()
        self.server = None
        # What the server said when the first client had logged in; later ones are told the same.
        self.greeting = b""

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        if self.server is not None:
            self.server.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            with client:
                self._log_in(client)
                while self._transaction(client):
                    pass
        except (OSError, EOFError):
            pass

    def _log_in(self, client):
        start = read_untyped(client)
        while struct.unpack("!i", start[4:8])[0] in ENCRYPTION_REQUESTS:
            client.sendall(b"N")
            start = read_untyped(client)
        with self.turn:
            if self.server is None:
                self.server = socket.create_connection(("127.0.0.1", self.target))
                self.server.sendall(start)
                while not self.greeting or message[:1] != b"Z":
                    message = read_message(self.server)
                    step = struct.unpack("!i", message[5:9])[0] if message[:1] == b"R" else None
                    if self.greeting or step == 0:
                        self.greeting += message
                        continue
                    client.sendall(message)
                    # The steps of SCRAM that the client answers.
                    if step in (10, 11):
                        self.server.sendall(read_message(client))
        client.sendall(self.greeting)

    def _transaction(self, client):
        """Passes what a client says until the server is outside of a transaction again; false when the client ends."""
        message = read_message(client)
        if message[:1] == b"X":
            return False
        with self.turn:
            state = None
            while state != b"I":
                if state is not None:
                    message = read_message(client)
                while message[:1] not in (b"S", b"Q"):
                    self.server.sendall(message)
                    message = read_message(client)
                self.server.sendall(message)
                answer = b""
                while answer[:1] != b"Z":
                    answer = read_message(self.server)
                    client.sendall(answer)
                state = answer[5:6]
        return True


def read_bytes(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def read_untyped(connection):
    size = read_bytes(connection, 4)
    return size + read_bytes(connection, struct.unpack("!i", size)[0] - 4)


def read_message(connection):
    return read_bytes(connection, 1) + read_untyped(connection)
