"""Executes notebooks with a kernel of this environment: execute.py FOLDER NOTEBOOK…

Each notebook gets a kernel of its own, whose current folder is FOLDER. The notebook with its outputs is written there. The
first cell that fails ends everything, with its traceback.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

# Only to end: all suites share the processors.
SECONDS_FOR_A_CELL = 600


def main(folder, notebooks):
    for path in map(Path, notebooks):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        client = NotebookClient(notebook, timeout=SECONDS_FOR_A_CELL, resources={"metadata": {"path": folder}})
        client.execute()
        nbformat.write(notebook, Path(folder, path.name))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
