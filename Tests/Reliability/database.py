"""What SQLite itself says about a database."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path


def damage(data: Path) -> list[str]:
    """What is wrong with the database of a data folder, as sentences; looked at in a copy, so that nothing is repaired."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("apus.db", "apus.db-wal", "apus.db-journal"):
            if (data / name).exists():
                shutil.copy(data / name, folder)
        path = Path(folder) / "apus.db"
        if not path.exists() or path.stat().st_size == 0:
            return []
        connection = sqlite3.connect(path)
        try:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            found = [] if found == ["ok"] else found
            found += [f"foreign key: {row}" for row in connection.execute("PRAGMA foreign_key_check")]
        except sqlite3.DatabaseError as error:
            found = [str(error)]
        finally:
            connection.close()
        return [f"integrity_check says: {text}" for text in found[:5]]
