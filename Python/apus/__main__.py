"""`python -m apus …` is `apus …`, for where the folder of commands is not on the PATH."""

import os
import sys

from ._binary import binary

if __name__ == "__main__":
    path = binary()
    os.execv(path, [path, *sys.argv[1:]])
