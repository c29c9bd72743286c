"""A relay before a server of PostgreSQL: a network that loses the answer to a COMMIT of the writer, breaks or falls silent.

    with PostgresProxy(server.port) as proxy:
        proxy.lose_next_commit()      # the server commits; the connection ends before its client hears of it
        proxy.lose_next_commit(cut=True)    # and then there is no other connection
        proxy.hold_commits()          # the server commits; the answers do not arrive, and the connections stay open
        proxy.mute()                  # clients log in, and what they say then does not arrive
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
# ReadyForQuery outside of a transaction.
READY = b"Z\x00\x00\x00\x05I"


class PostgresProxy:
    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.losing = threading.Event()
        self.lost = threading.Event()
        self.passing = threading.Event()
        self.answering, self.speaking = threading.Event(), threading.Event()
        self.held = threading.Event()
        self._let_pass()
        self.is_cut = self.cuts_after_loss = False
        self.open = set()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        # A thread that waits for connections ends by this, and not by the closing of its socket.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop()
        self._let_pass()

    def _let_pass(self):
        for event in (self.passing, self.answering, self.speaking):
            event.set()

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
        self._let_pass()

    def hold_commits(self):
        self.held.clear()
        self.answering.clear()

    def mute(self):
        self.speaking.clear()

    def lose_next_commit(self, cut=False):
        self.cuts_after_loss = cut
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
            facts = {"sent": b"", "is_in": False}
            threading.Thread(target=self._relay, args=(client, server, facts, True), daemon=True).start()
            threading.Thread(target=self._relay, args=(server, client, facts, False), daemon=True).start()

    def _relay(self, source, target, facts, is_client):
        try:
            while data := source.recv(65_536):
                self.passing.wait()
                if is_client and len(facts["sent"]) < 4_096:
                    facts["sent"] += data
                if is_client and facts["is_in"]:
                    self.speaking.wait()
                if not is_client:
                    facts["is_in"] = facts["is_in"] or READY in data
                if not is_client and b"apus-writer" in facts["sent"] and COMMITTED in data:
                    if self.losing.is_set():
                        self.is_cut = self.cuts_after_loss
                        self.losing.clear()
                        self.lost.set()
                        break
                    if not self.answering.is_set():
                        self.held.set()
                        self.answering.wait()
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
