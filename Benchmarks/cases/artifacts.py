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
        return limits(bench, file, size)
    try:
        measure(bench, kind, file, size)
    except Refused as refusal:
        for name in ("upload", "download"):
            bench.record("artifacts", name, "MiB/s", kind, [], True, f"refused: {refusal}")


def measure(bench, kind, file, size):
    up, down, growth, files = [], [], [], []
    for number, server in enumerate(bench.repetitions(kind)):
        with MemoryWatch(server) as watch:
            up.append(size / 2**20 / upload(server, f"{ROUTE}large/{number}.bin", file, size))
            down.append(size / 2**20 / download(server.port, f"{ROUTE}large/{number}.bin", size))
        growth.append(watch.growth)
        count = bench.settings.files // (5 if server.is_slow else 1)
        result = bench.load(server, small_files_script(), 8, iterations=count)
        files.append(result["requests"] / result["seconds"])
    bench.record("artifacts", "upload", "MiB/s", kind, up, True)
    bench.record("artifacts", "download", "MiB/s", kind, down, True)
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


def limits(bench, file, size):
    """nginx's sendfile, and writing a file with fsync."""
    values = []
    for _ in range(bench.settings.repetitions):
        copy = bench.new_path("copy.bin")
        begin = time.perf_counter()
        with open(file, "rb") as source, open(copy, "wb") as target:
            while block := source.read(READ_BYTES):
                target.write(block)
            target.flush()
            os.fsync(target.fileno())
        values.append(size / 2**20 / (time.perf_counter() - begin))
        copy.unlink()
    bench.record("artifacts", "upload", "MiB/s", "limits", values, True, "a copy with fsync, no network")
    if bench.has_nginx():
        with bench.nginx() as server:
            os.link(file, server.directory / "files" / "artifact.bin")
            count = bench.settings.repetitions
            values = [size / 2**20 / download(server.port, "/files/artifact.bin", size) for _ in range(count)]
        bench.record("artifacts", "download", "MiB/s", "limits", values, True, "nginx, sendfile")
