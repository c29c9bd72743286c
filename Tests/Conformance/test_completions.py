"""What a shell offers for the words of a command line."""

import subprocess

import pytest

from servers import apus_binary

pytestmark = pytest.mark.apus

# What bash does when a person asks for the end of the last word.
ASK = """
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_LINE="$*"
COMP_POINT=${#COMP_LINE}
_apus apus "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    path = tmp_path_factory.mktemp("completion") / "apus"
    said = subprocess.run([apus_binary(), "--generate-completion-script", "bash"], capture_output=True, check=True)
    path.write_bytes(said.stdout)
    return path


@pytest.mark.parametrize(
    "words, offered",
    [
        (["server", "--data-d"], {"--data-dir"}),
        (["server", "--data-dir", "place/fo"], {"place/folder"}),
        (["server", "--ssl-certfile", "place/f"], {"place/folder", "place/file"}),
        (["server", "--log-level", "no"], {"notice"}),
        (["audit", "--format", "js"], {"jsonl"}),
        (["import", "place/f"], {"place/folder", "place/file"}),
        (["export", "--output", "place/fi"], {"place/file"}),
        (["backup", "place/f"], {"place/folder"}),
        (["run", "--", "place/fi"], {"place/file"}),
    ],
)
def test_the_shell_offers_what_fits(script, tmp_path, words, offered):
    (tmp_path / "place/folder").mkdir(parents=True)
    (tmp_path / "place/file").touch()
    said = subprocess.run(
        ["bash", "-c", ASK, "bash", script, "apus", *words], cwd=tmp_path, capture_output=True, text=True, timeout=20
    )
    assert set(said.stdout.split()) == offered, said.stderr
