"""What leaves as an archive comes back whole: the client and the calls say the same of the store that takes it."""

import gzip
import io
import json
import os
import signal
import socket
import subprocess
import tarfile
import urllib.request
from pathlib import Path
from urllib.parse import quote

import mlflow
import pytest

from servers import ApusServer, apus_binary, wait_until
from test_import import files, fill, look, run_import

pytestmark = pytest.mark.apus


def export(*arguments, check=0, **options):
    command = [str(apus_binary()), "export", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, timeout=120, **options)
    assert done.returncode == check, (done.returncode, done.stdout[:500], done.stderr)
    return done


def get(server, path):
    with urllib.request.urlopen(server.url + path, timeout=60) as reply:
        return reply.read()


def raw(server, seen):
    """What the calls answer, field by field, about everything that the client saw."""
    def ask(path):
        return json.loads(get(server, "/api/2.0/mlflow/" + path))

    said = {}
    for run_id, run in seen["runs"].items():
        said[run_id] = ask(f"runs/get?run_id={run_id}")
        for key in run["metrics"]:
            said[run_id, key] = ask(f"metrics/get-history?run_id={run_id}&metric_key={quote(key)}")
        said[run_id, "files"] = ask(f"artifacts/list?run_id={run_id}")
    for experiment in seen["experiments"]:
        said[experiment["_experiment_id"]] = ask(f"experiments/get?experiment_id={experiment['_experiment_id']}")
    for model in seen["logged_models"]:
        said[model["_model_id"]] = ask(f"logged-models/{model['_model_id']}")
    for name in ("prod", "greeting", "🦩 empty"):
        said[name] = ask(f"registered-models/get?name={quote(name)}")
        said[name, "versions"] = ask("model-versions/search?filter=" + quote(f"name='{name}'"))
    for answer in said.values():
        # The order of pairs is that of the keys' arrival, which says nothing.
        for pairs in lists(answer):
            pairs.sort(key=lambda pair: json.dumps(pair, sort_keys=True))
    return said


def lists(answer):
    if isinstance(answer, dict):
        for value in answer.values():
            yield from lists(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from lists(value)
        yield answer


def records(archive):
    """The records of an archive, and its files by name."""
    lines, stored = [], {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for entry in tar:
            content = tar.extractfile(entry).read()
            if entry.name.startswith("records/"):
                lines += [json.loads(line) for line in content.splitlines()]
            else:
                stored[entry.name] = content
    return lines, stored


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """The data folder of a server that the client filled, what was seen of it, and two archives of it."""
    folder, work = tmp_path_factory.mktemp("origin"), tmp_path_factory.mktemp("work")
    before = Path.cwd()
    os.chdir(work)
    try:
        with ApusServer(["--data-dir", folder]) as server:
            client = mlflow.MlflowClient(server.url)
            parent, child, _ = fill(client)
            odd = json.dumps({"run_id": child, "metrics": [{"key": "größe/ß", "value": 1e308, "timestamp": 7, "step": 1}],
                              "params": [{"key": "größe", "value": "\"quoted\", \n line \r end"}], "tags": [{"key": "größe", "value": ""}]})
            post(server, "runs/log-batch", odd)
            Path("large.bin").write_bytes(os.urandom(9_000_000))
            client.log_artifact(parent, "large.bin", "a/b/" + "c" * 120)
            client.create_registered_model("🦩 empty")
            seen = look(client)
            running = export("--format", "archive", "--from", server.url, "-o", "-").stdout
            kept = raw(server, seen), files(client, server.url, seen)
        yield folder, seen, *kept, running, parent, child
    finally:
        os.chdir(before)


def post(server, path, body):
    request = urllib.request.Request(
        f"{server.url}/api/2.0/mlflow/{path}", body.encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=60).read()


def assert_same(server, origin):
    _, seen, said, stored, *_ = origin
    client = mlflow.MlflowClient(server.url)
    mine = look(client)
    for part in seen:
        assert mine.get(part) == seen[part], part
    assert mine.keys() == seen.keys()
    again = raw(server, mine)
    for part in said:
        assert again.get(part) == said[part], part
    assert files(client, server.url, mine) == stored and len(stored) > 6


def test_an_empty_folder_takes_everything_and_writes_the_same_archive(origin, tmp_path):
    folder, *_, running, _, _ = origin
    file = tmp_path / "all.tar"
    export("--format", "archive", "--data-dir", folder, "-o", file)
    assert records(file.read_bytes()) == records(running), "out of the folder as from the server"
    _, summary, _ = run_import(file, tmp_path / "data", check=0)
    assert (summary["skipped"], summary["remarks"]) == ([], [])
    with ApusServer(["--data-dir", tmp_path / "data"]) as server:
        assert_same(server, origin)
        client = mlflow.MlflowClient(server.url)
        # A number that a deleted version had is not used again.
        assert int(client.create_model_version("prod", "s3://elsewhere/model").version) == 4
        client.delete_model_version("prod", "4")
    again = export("--format", "archive", "--data-dir", tmp_path / "data", "-o", "-").stdout
    (mine, stored), (theirs, others) = records(again), records(running)
    assert stored == others
    for record in mine + theirs:
        # The version that the test made has moved these.
        for name in ("last_version", "last_updated_timestamp", "last_updated_time"):
            record.get("registered_model", {}).pop(name, None)
    assert mine == theirs
    # Once more is nothing new.
    _, summary, _ = run_import(file, tmp_path / "data", check=0)
    assert all(count["added"] == count["completed"] == 0 for count in summary["counts"].values())
    assert summary["artifacts"]["added"] == 0


def test_a_running_server_takes_it_through_a_pipe(origin, tmp_path):
    folder = origin[0]
    with ApusServer(directory=tmp_path / "server") as server:
        command = f"'{apus_binary()}' export --format archive --data-dir '{folder}' -o - | '{apus_binary()}' import - --to {server.url} --json"
        done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert_same(server, origin)


def test_another_data_folder_is_a_source(origin, tmp_path):
    _, summary, _ = run_import(origin[0], tmp_path / "data", check=0)
    assert summary["remarks"] == [] and str(origin[0]) in summary["source"]
    with ApusServer(["--data-dir", tmp_path / "data"]) as server:
        assert_same(server, origin)
        status, _, message = run_import(tmp_path / "data", tmp_path / "more")
        assert status == 2 and "has the data folder" in message and not (tmp_path / "more").exists()


def test_one_run_comes_from_a_running_server_by_a_plain_request(origin, tmp_path):
    folder, seen, *_, parent, child = origin
    with ApusServer(["--data-dir", folder]) as server:
        archive = get(server, f"/api/apus/1.0/export/archive?run_ids={parent}")
        named = export("--format", "archive", parent, child, "--from", server.url, "-o", "-").stdout
        export("--format", "archive", "0" * 32, "--data-dir", folder, "-o", tmp_path / "none.tar", check=2)
        with pytest.raises(urllib.error.HTTPError) as refused:
            get(server, f"/api/apus/1.0/export/archive?run_ids={'0' * 32}")
        assert refused.value.code == 404
        for name in ("größer 🦩", "deleted"):
            export("--format", "archive", "--experiment", name, "--from", server.url, "-o", tmp_path / f"{name}.tar")
    assert not (tmp_path / "none.tar").exists()
    lines, stored = records(archive)
    assert [line["run"]["run_id"] for line in lines if "run" in line] == [parent]
    assert any(name.endswith("/large.bin") for name in stored)
    assert {line["run"]["run_id"] for line in records(named)[0] if "run" in line} == {parent, child}
    (tmp_path / "run.tar").write_bytes(archive)
    _, summary, _ = run_import(tmp_path / "run.tar", tmp_path / "data", check=0)
    assert summary["found"]["run"] == 1 and "registered_model" not in summary["found"]
    with ApusServer(["--data-dir", tmp_path / "data"]) as server:
        client = mlflow.MlflowClient(server.url)
        assert look(client)["runs"][parent] == seen["runs"][parent]
    homes = [line for line in records((tmp_path / "deleted.tar").read_bytes())[0]]
    assert [line["experiment"]["name"] for line in homes if "experiment" in line] == ["deleted"]
    assert sum("run" in line for line in homes) == 1
    # The options of the import choose among what an archive has.
    _, summary, _ = run_import(tmp_path / "größer 🦩.tar", tmp_path / "part", "--run", child, check=0)
    assert summary["found"]["run"] == 1
    _, summary, _ = run_import(tmp_path / "größer 🦩.tar", tmp_path / "left", "--artifacts", "leave", check=0)
    assert summary["artifacts"]["added"] == 0 and not (tmp_path / "left/artifacts").exists()


def test_an_archive_that_is_cut_off_is_taken_as_far_as_it_goes_and_told(origin, tmp_path):
    running = origin[4]
    file = tmp_path / "cut.tar"
    for length, expected in ((300, 2), (1_300, 2), (2_000, 1), (len(running) // 2, 1), (len(running) - 1_024, 1)):
        file.write_bytes(running[:length])
        status, _, message = run_import(file, tmp_path / "data")
        assert status == expected, (length, message)
        assert "The archive is incomplete" in message or length == 300, message
    file.write_bytes(running)
    run_import(file, tmp_path / "data", check=0)
    with ApusServer(["--data-dir", tmp_path / "data"]) as server:
        assert_same(server, origin)


def test_tar_programs_read_it_and_may_pack_it_again(origin, tmp_path):
    file = tmp_path / "all.tar"
    file.write_bytes(origin[4])
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    subprocess.run(["tar", "-xf", file, "-C", unpacked], check=True, timeout=60)
    names = subprocess.run(["tar", "-tf", file], check=True, capture_output=True, text=True, timeout=60).stdout.split("\n")[:-1]
    assert names[0] == "apus-archive.json"
    listed = subprocess.run(["tar", "-tf", file, "--quoting-style=literal"], capture_output=True, check=True).stdout
    for form, folder in (("gnu", "gnu"), ("pax", "pax")):
        packed = tmp_path / f"{form}.tar"
        command = ["tar", "-cf", packed, "-C", unpacked, f"--format={form}", "--no-recursion", "-T", "-"]
        subprocess.run(command, input=listed, check=True, timeout=60)
        run_import(packed, tmp_path / folder, check=0)
        with ApusServer(["--data-dir", tmp_path / folder]) as server:
            assert_same(server, origin)
    # A program that writes folders too, each name with "./" before it.
    records = sorted(unpacked.glob("records/*"))
    with tarfile.open(tmp_path / "python.tar", "w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "packed again"}) as packed:
        packed.add(unpacked, "./", recursive=False)
        for path in [unpacked / "apus-archive.json", unpacked / "records", *records]:
            packed.add(path, f"./{path.relative_to(unpacked)}", recursive=False)
        packed.add(unpacked / "artifacts", "./artifacts")
    summary = run_import(tmp_path / "python.tar", tmp_path / "python", check=1)[1]
    assert summary["counts"]["run"]["added"] == len(origin[1]["runs"])
    # Its files stand behind the records of all runs, where they belong to none.
    stored = [path.relative_to(unpacked) for path in (unpacked / "artifacts").rglob("*") if path.is_file()]
    assert {entry["place"] for entry in summary["skipped"]} <= {str(path) for path in stored}
    assert summary["skipped_count"] + summary["artifacts"]["added"] == len(stored)


def test_files_with_long_names_keep_them_in_every_form_of_tar(tmp_path):
    name = "a" * 90 + "/" + "b" * 60 + "/weights-"
    with ApusServer(["--data-dir", tmp_path / "first"]) as server:
        client = mlflow.MlflowClient(server.url)
        run = client.create_run("0").info.run_id
        for number in ("first", "second"):
            client.log_text(run, number, name + number)
    export("--format", "archive", "--data-dir", tmp_path / "first", "-o", tmp_path / "all.tar")
    with tarfile.open(tmp_path / "all.tar") as archive:
        entries = [(entry, archive.extractfile(entry).read()) for entry in archive if entry.isfile()]
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        with tarfile.open(tmp_path / f"{form}.tar", "w", format=form) as archive:
            for entry, content in entries:
                entry.pax_headers = {}
                archive.addfile(entry, io.BytesIO(content))
        run_import(tmp_path / f"{form}.tar", tmp_path / f"{form}", check=0)
        found = {path.name: path.read_text() for path in (tmp_path / f"{form}/artifacts").rglob("weights-*")}
        assert found == {"weights-first": "first", "weights-second": "second"}


def test_links_in_an_archive_are_told_as_left_out(origin, tmp_path):
    file = tmp_path / "linked.tar"
    file.write_bytes(origin[4])
    with tarfile.open(file, "a") as archive:
        link = tarfile.TarInfo("artifacts/0/link")
        link.type, link.linkname = tarfile.LNKTYPE, "apus-archive.json"
        archive.addfile(link)
    _, summary, _ = run_import(file, tmp_path / "data", check=1)
    assert len(summary["skipped"]) == 1
    assert "artifacts/0/link" in str(summary["skipped"]) and "it is not a file" in str(summary["skipped"])


@pytest.mark.parametrize("content, word", [(b"\x1f\x8b\x08\x00rest", "gzip -dc"), (b"run,metric\n1,2\n", "is not recognised")])
def test_a_file_that_is_no_source_is_refused_with_a_hint(tmp_path, content, word):
    (tmp_path / "file").write_bytes(content)
    status, _, message = run_import(tmp_path / "file", tmp_path / "data")
    assert status == 2 and word in message and not (tmp_path / "data").exists()


def test_exports_to_the_same_place_leave_one_whole_file(origin, tmp_path):
    folder, *_, running, _, _ = origin
    with ApusServer(["--data-dir", folder]) as server:
        command = [str(apus_binary()), "export", "--format", "archive", "--from", server.url, "-o", str(tmp_path / "all.tar")]
        both = [subprocess.Popen(command) for _ in range(2)]
        assert [process.wait(120) for process in both] == [0, 0]
        killed = subprocess.Popen(command)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    assert records((tmp_path / "all.tar").read_bytes()) == records(running)


def test_an_export_writes_into_what_is_no_file_and_through_links(origin, tmp_path):
    folder = origin[0]
    arguments = ["--format", "csv", "--data-dir", folder]
    expected = export(*arguments, "-o", "-").stdout
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = subprocess.Popen([str(apus_binary()), "export", *map(str, arguments), "-o", str(pipe)])
    assert pipe.read_bytes() == expected and process.wait(60) == 0
    assert pipe.is_fifo()
    (tmp_path / "there").mkdir()
    for name in ("there/new.csv", "there/old.csv"):
        target, link = tmp_path / name, tmp_path / f"link-{Path(name).name}"
        link.symlink_to(name)
        if "old" in name:
            target.write_text("before")
        export(*arguments, "-o", link)
        assert link.is_symlink() and target.read_bytes() == expected
    full = export(*arguments, "-o", "/dev/full", check=2)
    assert b"No space left" in full.stderr and Path("/dev/full").is_char_device()
    export(*arguments, "-o", tmp_path / "there", check=2)


@pytest.mark.parametrize("name", ["apus.db", "apus.db-wal", "apus.db.lock", "artifacts/new.csv", "link.csv", "hard.csv"])
def test_an_export_does_not_write_over_the_store(tmp_path, name):
    data = tmp_path / "data"
    with ApusServer(["--data-dir", data]) as server:
        client = mlflow.MlflowClient(server.url)
        client.log_text(client.create_run("0").info.run_id, "text", "a.txt")
    target = data / name
    if name == "link.csv":
        target.symlink_to("apus.db")
    if name == "hard.csv":
        target = tmp_path / name
        os.link(data / "apus.db", target)
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    done = export("--format", "csv", "--data-dir", data, "-o", target, check=2)
    assert b"is a file of the exported data folder" in done.stderr
    for path, content in before.items():
        # Who opens the folder writes into its lock.
        assert path.name == "apus.db.lock" or path.read_bytes() == content, path
    assert not (data / "artifacts/new.csv").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_export_leaves_nothing_and_takes_away_what_was_left(origin, tmp_path, number):
    folder, *_, running, _, _ = origin
    target = tmp_path / "all.tar"
    (tmp_path / "all.tar.999999999.part").write_text("of a killed process")
    (tmp_path / "all.tar.mine.part").write_text("of somebody else")
    # A server that never ends its answer.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        process = subprocess.Popen([str(apus_binary()), "export", "--format", "archive", "--from", address, "-o", str(target)])
        connection, _ = listener.accept()
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000)
        part = tmp_path / f"all.tar.{process.pid}.part"
        wait_until(lambda: part.exists() and part.stat().st_size, 30, "the beginning of the file")
        assert not (tmp_path / "all.tar.999999999.part").exists()
        process.send_signal(number)
        assert process.wait(60) == -number
        connection.close()
    assert [path.name for path in tmp_path.iterdir()] == ["all.tar.mine.part"]


def test_archives_come_through_named_pipes_and_are_told_apart_from_what_they_are_not(origin, tmp_path):
    running = origin[4]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [str(apus_binary()), "import", "--json", "--to"]
    process = subprocess.Popen([*command, str(tmp_path / "data"), str(pipe)], stdout=subprocess.PIPE)
    pipe.write_bytes(running)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0 and json.loads(output)["counts"]["run"]["added"] == len(origin[1]["runs"])
    for content, word in ((gzip.compress(running), b"gzip -dc"), (b"", b"is empty"), (b"x" * 2_000, b"damaged")):
        done = subprocess.run([*command, str(tmp_path / "none"), "-"], input=content, capture_output=True, timeout=60)
        assert done.returncode == 2 and word in done.stderr, (content[:4], done.stderr)
    (tmp_path / "empty").touch()
    status, _, message = run_import(tmp_path / "empty", tmp_path / "none")
    assert status == 2 and "is empty" in message


def test_what_is_chosen_by_name_and_is_not_there_is_told(origin, tmp_path):
    folder, seen, *_, running, parent, _ = origin
    (tmp_path / "all.tar").write_bytes(running)
    for number, source in enumerate([tmp_path / "all.tar", folder]):
        for option in ("--experiment", "--run"):
            _, summary, _ = run_import(source, tmp_path / f"none-{number}", option, "nope", check=2)
            assert [entry["place"] for entry in summary["skipped"]] == [f"{option[2:]} nope"]
        _, summary, _ = run_import(source, tmp_path / f"some-{number}", "--run", parent, "--run", "nope", check=1)
        assert summary["found"]["run"] == 1 and summary["found"]["experiment"] == 1, "only the experiment of the run"
        _, summary, _ = run_import(source, tmp_path / f"late-{number}", "--since", "2999-01-01T00:00", "--dry-run")
        assert "experiment" not in summary["found"] or summary["found"].get("run"), summary["found"]


def test_files_of_one_time_and_size_are_compared(tmp_path):
    with ApusServer(["--data-dir", tmp_path / "first"]) as server:
        client = mlflow.MlflowClient(server.url)
        client.log_text(client.create_run("0").info.run_id, "one", "a.txt")
    export("--format", "archive", "--data-dir", tmp_path / "first", "-o", tmp_path / "all.tar")
    run_import(tmp_path / "all.tar", tmp_path / "data", check=0)
    changed = (tmp_path / "all.tar").read_bytes().replace(b"one\0", b"two\0")
    (tmp_path / "all.tar").write_bytes(changed)
    _, summary, _ = run_import(tmp_path / "all.tar", tmp_path / "data", check=1)
    assert "a different file is at" in summary["skipped"][0]["reason"] and summary["artifacts"]["unchanged"] == 0


def test_a_reader_that_goes_away_ends_the_export(origin):
    process = subprocess.Popen(
        [str(apus_binary()), "export", "--format", "archive", "--data-dir", str(origin[0]), "-o", "-"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    process.stdout.read(1_000)
    process.stdout.close()
    assert process.wait(60) == 2 and b"cannot be written" in process.stderr.read()


@pytest.mark.parametrize("arguments", [["a" * 32, "--experiment", "0"], ["--filter", "x = 1"], ["--table", "runs"]])
def test_what_an_archive_cannot_be_told_is_refused(arguments):
    export("--format", "archive", *arguments, check=64)
