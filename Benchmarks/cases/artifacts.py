"""Artifacts through the server: one large file, many small ones, and what they do to memory."""

from __future__ import annotations

import os
import socket
import threading
import time

from harness.bench import Refused

ROUTE = "/api/2.0/mlflow-artifacts/artifacts/"
SMALL_BYTES = 65_536
READ_BYTES = 1 << 20


def small_files_script():
    body = "${{1024||" + "0123456789abcdef" * 4 + "}}"
    return f"step PUT {ROUTE}small/${{n}}.bin\ntype application/octet-stream\nbody {body}\n"


def artifacts(bench, kind):
    file = bench.directory / "artifact.bin"
    size = bench.settings.artifact_mebibytes << 20
    if not file.exists():
        with open(file, "wb") as output:
            for _ in range(bench.settings.artifact_mebibytes):
                output.write(os.urandom(1 << 20))
    if kind == "limits":
        return
    try:
        measure(bench, kind, file, size)
    except Refused as refusal:
        for name in ("upload", "download"):
            bench.record("artifacts", name, "MiB/s", kind, [], True, f"refused: {refusal}")


def measure(bench, kind, file, size):
    up, down, growth, files, copies, sent = [], [], [], [], [], []
    for number, server in enumerate(bench.repetitions(kind)):
        path = f"{ROUTE}large/{number}.bin"
        # What is written into memory that was freed a moment ago is written faster: each goes first in turn.
        copies_first = number % 2 == 1
        if bench.measures_limit_of(kind) and copies_first:
            copies.append(size / 2**20 / copy(bench, file))
        with MemoryWatch(server) as watch:
            up.append(size / 2**20 / upload(server, path, file, size))
            if bench.measures_limit_of(kind) and not copies_first:
                copies.append(size / 2**20 / copy(bench, file))
            down.append(size / 2**20 / download(server.port, path, size))
            if bench.measures_limit_of(kind) and bench.has_nginx():
                sent.append(size / 2**20 / send_by_nginx(bench, file, size))
        growth.append(watch.growth)
        result = bench.load(server, small_files_script(), 8, iterations=bench.settings.files)
        files.append(result["requests"] / result["seconds"])
    bench.record("artifacts", "upload", "MiB/s", kind, up, True)
    if copies:
        bench.record("artifacts", "upload", "MiB/s", "limits", copies, True, "the file written and synced, no network")
    bench.record("artifacts", "download", "MiB/s", kind, down, True)
    if sent:
        bench.record("artifacts", "download", "MiB/s", "limits", sent, True, "nginx, sendfile")
    bench.record("artifacts", "memory growth", "MB", kind, growth)
    bench.record("artifacts", "files of 64 KiB, 8 connections", "files/s", kind, files, True)


class MemoryWatch:
    """The largest growth of a server's memory while it is watched."""

    def __init__(self, server):
        self.server = server
        self.growth = 0.0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def __enter__(self):
        self.start = self.server.memory()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def watch(self):
        while not self.ended.wait(0.05):
            self.growth = max(self.growth, self.server.memory() - self.start)


def upload(server, path, file, size):
    # What earlier files have left to be written is not this one's.
    os.sync()
    begin = time.perf_counter()
    with socket.create_connection(("127.0.0.1", server.port), timeout=300) as connection:
        head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {size}\r\n"
        connection.sendall(f"{head}Content-Type: application/octet-stream\r\n\r\n".encode())
        try:
            with open(file, "rb") as source:
                connection.sendfile(source)
        except (BrokenPipeError, ConnectionResetError):
            pass  # An early refusal: the answer says why.
        try:
            answer = connection.recv(4096)
        except ConnectionResetError:
            answer = b"the connection was reset"
    if b" 200" not in answer[:16]:
        raise Refused(answer.split(b"\r\n")[0].decode())
    return time.perf_counter() - begin


def download(port, path, size):
    begin = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=300) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        buffer = bytearray(READ_BYTES)
        received = count = connection.recv_into(buffer)
        if not buffer.startswith(b"HTTP/1.1 200"):
            raise Refused(bytes(buffer[:12]).decode(errors="replace"))
        while received < size and count:
            count = connection.recv_into(buffer)
            received += count
    if received < size:
        raise Refused(f"{received} bytes came of {size}")
    return time.perf_counter() - begin


def copy(bench, file):
    """Seconds to write the same bytes to a file and sync it."""
    target = bench.new_path("copy.bin")
    os.sync()
    begin = time.perf_counter()
    with open(file, "rb") as source, open(target, "wb") as output:
        while block := source.read(READ_BYTES):
            output.write(block)
        output.flush()
        os.fsync(output.fileno())
    seconds = time.perf_counter() - begin
    target.unlink()
    return seconds


def send_by_nginx(bench, file, size):
    """Seconds to download the same file from nginx, the first time that it is asked for it."""
    with bench.nginx() as server:
        os.link(file, server.directory / "files" / "artifact.bin")
        return download(server.port, "/files/artifact.bin", size)
