"""Power cuts: every change of the data folder is recorded, and folders are built as a cut at any moment could leave them.

A file has what was written up to its last sync. Of what was written later, all, nothing, or any of it in any order may be
there, also half a write, torn at 512 or 4,096 bytes. Names follow in their order: creations, renames and removals up to the
last sync of any folder hold, and any number of those after it may. A server is started on each such folder.
"""

from __future__ import annotations

import random
import shutil
import struct
import time
from dataclasses import dataclass, field
from pathlib import Path

from cases import Options, Result
from database import damage
from faulty_files import FaultyServer, build
from ledger import Comparison, end_writers, start_writers
from servers import ApusServer, ServerFailed

WRITERS = 4
HEAD = struct.Struct("=IIIIQQ")
CREATE, STORE, RESIZE, FILE_SYNC, FOLDER_SYNC, MOVE, REMOVE, NAME, FOLDER = range(1, 10)
WAYS = ["nothing", "everything", "some", "torn at 512", "torn at 4096"]


@dataclass(frozen=True)
class Change:
    operation: int
    file: int
    number: int
    path: str
    data: bytes
    # The bytes of the record up to the end of this change.
    end: int


def read_record(path: Path) -> list[Change]:
    """All changes in their order; one that was cut off by a kill is left out, as it was not acknowledged."""
    record, changes, offset = path.read_bytes(), [], 0
    while offset + HEAD.size <= len(record):
        operation, path_length, data_length, _, file, number = HEAD.unpack_from(record, offset)
        begin = offset + HEAD.size
        end = begin + path_length + data_length
        if end > len(record):
            break
        name = record[begin : begin + path_length].decode()
        changes.append(Change(operation, file, number, name, record[begin + path_length : end], end))
        offset = end
    return changes


@dataclass
class File:
    """What a file has for certain, and what was done to it since."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Change] = field(default_factory=list)

    def sync(self):
        for change in self.pending:
            self._apply(self.durable, change, change.data, 0)
        self.pending.clear()

    @staticmethod
    def _apply(content: bytearray, change: Change, data: bytes, skipped: int):
        if change.operation == RESIZE:
            if change.number < len(content):
                del content[change.number :]
            else:
                content.extend(bytes(change.number - len(content)))
            return
        begin = change.number + skipped
        if len(content) < begin:
            content.extend(bytes(begin - len(content)))
        content[begin : begin + len(data)] = data

    def after_cut(self, dice: random.Random, way: str) -> bytes:
        content = bytearray(self.durable)
        if way == "nothing":
            return bytes(content)
        pending = list(self.pending)
        if way == "everything":
            for change in pending:
                self._apply(content, change, change.data, 0)
            return bytes(content)
        # Writes between two changes of the size may reach the disk in any order.
        if not any(change.operation == RESIZE for change in pending):
            dice.shuffle(pending)
        for change in pending:
            if change.operation == RESIZE or way == "some":
                if dice.random() < 0.5:
                    self._apply(content, change, change.data, 0)
                continue
            sector = int(way.rsplit(" ", 1)[1])
            for start in range(0, len(change.data), sector):
                if dice.random() < 0.5:
                    self._apply(content, change, change.data[start : start + sector], start)
        return bytes(content)


class Disk:
    """The state of the disk while the record is played."""

    def __init__(self, root: str):
        self.root = root
        self.files: dict[int, File] = {}
        # The names that hold for certain: path to file, None for a folder.
        self.names: dict[str, File | None] = {}
        self.pending: list[tuple[Change, File | None]] = []

    def play(self, change: Change):
        if change.operation == CREATE:
            self.files[change.file] = File()
        if change.operation in (CREATE, NAME):
            self.pending.append((change, self.files.setdefault(change.file, File())))
        elif change.operation in (MOVE, REMOVE, FOLDER):
            self.pending.append((change, None))
        elif change.operation in (STORE, RESIZE):
            self.files.setdefault(change.file, File()).pending.append(change)
        elif change.operation == FILE_SYNC:
            self.files.setdefault(change.file, File()).sync()
        elif change.operation == FOLDER_SYNC:
            self._sync_folder(change.path)

    def _sync_folder(self, folder: str):
        """Names are kept in order, as by the journal of a file system: those before the folder's last one are kept too."""
        touched = [place for place, (change, _) in enumerate(self.pending) if folder in self._folders(change)]
        for change, file in self.pending[: touched[-1] + 1 if touched else 0]:
            self._rename(self.names, change, file)
        del self.pending[: touched[-1] + 1 if touched else 0]

    @staticmethod
    def _folders(change: Change):
        paths = [change.path] + ([change.data.decode()] if change.operation == MOVE else [])
        return {path.rsplit("/", 1)[0] for path in paths}

    @staticmethod
    def _rename(names, change: Change, file: File | None):
        if change.operation in (CREATE, NAME):
            names[change.path] = file
        elif change.operation == FOLDER:
            names[change.path] = None
        elif change.operation == REMOVE:
            names.pop(change.path, None)
        elif change.operation == MOVE:
            new = change.data.decode()
            for path in [path for path in names if path == change.path or path.startswith(change.path + "/")]:
                names[new + path[len(change.path) :]] = names.pop(path)

    def write_image(self, folder: Path, dice: random.Random, way: str):
        """Makes the folder as it is after a cut now."""
        names = dict(self.names)
        for change, file in self.pending[: dice.randint(0, len(self.pending))]:
            self._rename(names, change, file)
        folder.mkdir(parents=True)
        for path, file in sorted(names.items()):
            target = folder / path[len(self.root) :].lstrip("/")
            if file is None:
                target.mkdir(parents=True, exist_ok=True)
            elif not path.endswith("-shm"):  # the index of the log is only memory, and made anew
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.after_cut(dice, way))


def record_load(options: Options, dice, folder: Path, seconds: float):
    """Runs a server under load; returns its record, where it lay, and what its writers were told."""
    record = folder / "record"
    arguments = ["--database-log-limit", "4MB"]
    arguments += ["--deduplicate-artifacts"] if dice.random() < 0.3 else []
    server = FaultyServer(build(options.scratch), folder / "server", arguments, record=record)
    try:
        server.start()
        place = lambda: record.stat().st_size  # noqa: E731
        writers = start_writers(server, dice.getrandbits(40), WRITERS, place)
        time.sleep(seconds)
        server.kill()
        faults = end_writers(writers)
    finally:
        server.kill()
    return record, str(server.data_directory), [writer.ledger for writer in writers], faults


def chosen_cuts(changes: list[Change], count: int, dice) -> list[int]:
    """Half of the cuts anywhere, half of them while the database file itself is written (in checkpoints)."""
    database = {change.file for change in changes if change.operation == CREATE and change.path.endswith("/apus.db")}
    within = [place for place, change in enumerate(changes) if change.operation == STORE and change.file in database]
    cuts = [dice.randrange(len(changes)) for _ in range(count - count // 2)]
    cuts += [dice.choice(within) if within else dice.randrange(len(changes)) for _ in range(count // 2)]
    return sorted(cuts)


def look_at(image: Path, ledgers, place, result: Result, where: str) -> int:
    """Starts a server on an image and compares; returns how many things were compared."""
    server = ApusServer(directory=image)
    try:
        result.fault(where, damage(server_data(image)))
        server.start()
        comparison = Comparison(server, ledgers, place).run()
        result.fault(where, comparison.faults)
        server.kill()
        result.fault(where, damage(server_data(image)))
        return comparison.checked
    except ServerFailed as error:
        result.fault(where, [f"The server does not start: {error}"])
        return 0
    finally:
        server.kill()


def server_data(image: Path) -> Path:
    return image / "data"


def run(options: Options) -> Result:
    dice, result = options.dice("power-cuts"), Result()
    wanted = options.count(24, 1_000)
    images = checked = number = changed = 0
    while images < wanted and not result.faults:
        number += 1
        folder = options.folder(f"power-cuts-{number}")
        record, root, ledgers, faults = record_load(options, dice, folder, 3)
        result.fault(f"load {number}", faults)
        changes = read_record(record)
        changed += len(changes)
        disk, played = Disk(root), 0
        for cut in chosen_cuts(changes, min(100, wanted - images), dice):
            for change in changes[played : cut + 1]:
                disk.play(change)
            played = cut + 1
            way = dice.choice(WAYS)
            image = folder / f"image-{images}"
            disk.write_image(image / "data", dice, way)
            images += 1
            where = f"image {images}, load {number}, cut behind change {cut} of {len(changes)}, kept of the unsynced: {way}"
            checked += look_at(image, ledgers, changes[cut].end, result, where)
            if result.faults:
                break
            shutil.rmtree(image)
        if not result.faults:
            shutil.rmtree(folder)
    result.figures = (
        f"{images} images of {number} loads with {changed} recorded changes, {checked} things compared"
    )
    return result
