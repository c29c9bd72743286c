"""A relay before a server of PostgreSQL: a network that loses the answer to a COMMIT of the writer, breaks or falls silent.

    with PostgresProxy(server.port) as proxy:
        proxy.lose_next_commit()      # the server commits; the connection ends before its client hears of it
        proxy.cut()                   # all connections are reset, and new ones too
        proxy.fall_silent()           # nothing arrives any more on either side, and nobody is told
        proxy.mend()                  # everything passes again, with what was held back
"""

from __future__ import annotations

import socket
import struct
import threading

# CommandComplete with the tag COMMIT.
COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"


class PostgresProxy:
    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.losing = threading.Event()
        self.lost = threading.Event()
        self.passing = threading.Event()
        self.passing.set()
        self.is_cut = self.cuts_next = False
        self.open = set()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        # A thread that waits for connections ends by this, and not by the closing of its socket.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop()
        self.passing.set()

    def cut(self):
        self.is_cut = True
        self.drop()

    def fall_silent(self):
        self.passing.clear()

    def drop(self):
        """Resets the connections that are open."""
        for connection in list(self.open):
            self._end(connection)

    def mend(self):
        self.is_cut = False
        self.passing.set()

    def lose_next_commit(self, then_cut=False):
        """then_cut: whether the network is cut from then on."""
        self.cuts_next = then_cut
        self.lost.clear()
        self.losing.set()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                if self.is_cut:
                    raise ConnectionError("the network is cut")
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                self._end(client)
                continue
            self.open |= {client, server}
            # What the client has sent first names it: only the writer commits changes.
            facts = {"sent": b""}
            threading.Thread(target=self._relay, args=(client, server, facts, True), daemon=True).start()
            threading.Thread(target=self._relay, args=(server, client, facts, False), daemon=True).start()

    def _relay(self, source, target, facts, is_client):
        try:
            while data := source.recv(65_536):
                self.passing.wait()
                if is_client and len(facts["sent"]) < 4_096:
                    facts["sent"] += data
                if not is_client and b"apus-writer" in facts["sent"] and COMMITTED in data and self.losing.is_set():
                    self.losing.clear()
                    self.is_cut = self.cuts_next
                    self.lost.set()
                    break
                target.sendall(data)
        except OSError:
            pass
        self._end(source)
        self._end(target)

    def _end(self, connection):
        self.open.discard(connection)
        try:
            # Closed so, the other side gets a reset.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        connection.close()
