"""Pages that were exported into one file: they open from the disk, without a network, and show what the server shows."""

import re
import subprocess
import uuid
from types import SimpleNamespace as Thing

import pytest
from playwright.sync_api import expect

from looking import faults_of_accessibility, heading, picture, settled
from servers import ApusServer, apus_binary
from test_hostile import NOTE_TEXT, TEXTS, assert_nothing_ran, hostile  # noqa: F401
from watching import Watch


def export(*arguments, folder):
    """Runs the command; the file that it wrote."""
    file = folder / f"{uuid.uuid4().hex}.html"
    command = [apus_binary(), "export", "--format", "html", "--output", file, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120)
    assert done.returncode == 0, done.stderr
    return file


@pytest.fixture
def open_file(request, browser):
    """Opens a file in a window that has no network; what goes wrong there fails the test at its end."""
    opened = []

    def make(file, place="", **options):
        context = browser.new_context(offline=True, viewport={"width": 1400, "height": 900}, reduced_motion="reduce", **options)
        watch = Watch(context, [])
        opened.append((context, watch))
        page = context.new_page()
        page.watch = watch
        page.goto(file.as_uri() + place)
        settled(page)
        return page

    yield make
    try:
        for _, watch in opened:
            # A request that left the browser is a complaint, whatever came of it.
            assert watch.verdict() == []
    finally:
        for context, _ in opened:
            context.close()


@pytest.fixture(scope="module")
def trained(rest, tmp_path_factory):
    """An experiment of three runs with curves, one with files; nothing of it changes."""
    experiment = rest.experiment("exported " + uuid.uuid4().hex[:6], **{"mlflow.note.content": "# About it"})
    runs = []
    for number in range(3):
        metrics = [("loss", 1 / (step + 1) + number, step) for step in range(50)] + [("accuracy", number / 10, 49)]
        params = {"lr": str(0.1**number), "same": "yes"}
        tags = {"mlflow.note.content": "A *note*.", "team": "blue"}
        runs.append(rest.run(experiment, f"trial-{number}", 1_790_000_000_000 + number, params=params, metrics=metrics, tags=tags))
    folder = tmp_path_factory.mktemp("files")
    (folder / "text.txt").write_text("first line\nsecond line\n")
    (folder / "table.csv").write_text("name,value\nalpha,1\n")
    (folder / "deep").mkdir()
    (folder / "deep" / "picture.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>')
    (folder / "long.bin").write_bytes(b"x" * 1_100_000)
    import mlflow

    client = mlflow.MlflowClient(rest.address)
    for run in runs[:2]:
        client.log_artifacts(run, str(folder))
    client.log_text(runs[1], "other line\n", "text.txt")
    return Thing(experiment=experiment, runs=runs)


def test_a_run_opens_from_the_disk_with_all_its_views(rest, trained, tmp_path, open_file):
    page = open_file(export(trained.runs[0], "--from", rest.address, folder=tmp_path))
    expect(heading(page)).to_have_text("trial-0")
    expect(page.get_by_role("region", name="Note").locator("em")).to_have_text("note")
    expect(page.get_by_role("table", name="Params")).to_contain_text("lr")
    expect(page.get_by_role("table", name="Metrics", exact=True)).to_contain_text("loss")
    expect(page.locator("#made")).to_contain_text("left out: 1 files")
    assert page.get_by_role("button", name=re.compile("Edit|Add|Write|More")).count() == 0
    assert faults_of_accessibility(page) == []
    page.get_by_role("link", name="Charts").click()
    expect(page.locator("canvas").first).to_be_visible()
    page.get_by_role("link", name="Artifacts").click()
    files = page.get_by_role("navigation", name="Files")
    shown = page.get_by_role("region", name="Preview")
    files.get_by_role("link", name="text.txt").click()
    expect(shown).to_contain_text("second line")
    files.get_by_role("link", name="table.csv").click()
    expect(shown.get_by_role("table")).to_contain_text("alpha")
    files.get_by_text("deep/").click()
    files.get_by_role("link", name="picture.svg").click()
    expect(shown.get_by_role("img")).to_be_visible()
    assert shown.get_by_role("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 9
    files.get_by_role("link", name="long.bin").click()
    expect(shown).to_contain_text("left out")
    picture(page, "export-run")


def test_runs_are_compared_in_a_file(rest, trained, tmp_path, open_file):
    page = open_file(export(*trained.runs, "--from", rest.address, folder=tmp_path))
    expect(heading(page)).to_have_text("3 runs")
    expect(page.locator("canvas").first).to_be_visible()
    page.get_by_role("link", name="Values").click()
    expect(page.get_by_role("table").first).to_contain_text("lr")
    for view in ("Parallel", "Scatter", "Importance"):
        page.get_by_role("link", name=view, exact=True).click()
        settled(page)
        expect(page.get_by_role("link", name=view, exact=True)).to_have_attribute("aria-current", "page")
    page.get_by_role("link", name="Artifacts").click()
    files = page.get_by_role("navigation", name="Files")
    expect(files).to_contain_text("text.txt")
    files.get_by_role("link", name="text.txt").click()
    sides = page.get_by_role("region", name="Side by side")
    expect(sides).to_contain_text("second line")
    expect(sides).to_contain_text("other line")


def test_a_table_is_sorted_filtered_and_led_on_in_a_file(rest, trained, tmp_path, open_file):
    page = open_file(export("--experiment", trained.experiment, "--from", rest.address, folder=tmp_path))
    expect(page.locator(".amount")).to_have_text("3 runs")
    box = page.get_by_role("combobox", name="Filter runs")
    box.fill("metrics.accuracy > 0.05 AND params.same = 'yes'")
    box.press("Enter")
    expect(page.locator(".amount")).to_have_text("2 runs")
    box.fill("metrics.accuracy >")
    box.press("Enter")
    expect(box).to_have_attribute("aria-invalid", "true")
    box.fill("trial-1")
    box.press("Enter")
    expect(page.locator(".amount")).to_have_text("1 run")
    page.get_by_role("link", name="trial-1", exact=True).click()
    expect(heading(page)).to_have_text("trial-1")
    page.go_back()
    expect(page.locator(".amount")).to_have_text("1 run")


def test_no_key_in_a_file_asks_for_what_a_file_cannot_do(rest, trained, tmp_path, open_file):
    page = open_file(export("--experiment", trained.experiment, "--from", rest.address, folder=tmp_path))
    expect(page.locator(".amount")).to_have_text("3 runs")
    page.locator("[role=grid]").focus()
    for key in "abdefghilmnpqrstuvwyzABCDEFGHIJKLMNOPQRSTUVWXYZ":
        page.keyboard.press(key)
    for key in ["Delete", "Backspace", "F2", "?", "Control+k", "j", "x", "j", "x"]:
        page.keyboard.press(key)
    expect(page.get_by_role("group", name="Selected runs")).to_contain_text("2 runs selected")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".toast")).to_have_count(0)
    page.keyboard.press("c")
    expect(heading(page)).to_have_text("2 runs")
    page.go_back()
    page.keyboard.press("Escape")
    expect(page.get_by_role("group", name="Selected runs")).to_be_hidden()


def test_the_order_of_a_table_in_a_file_is_that_of_the_server(rest, trained, tmp_path, open_file, new_page):
    place = f"#/experiments/{trained.experiment}?columns=min.loss,params.lr&order=-min.loss"
    names = []
    for page in (open_file(export("--experiment", trained.experiment, "--from", rest.address, folder=tmp_path), place), new_page()):
        if page.url.startswith("about:"):
            page.goto("./" + place)
            settled(page)
        expect(page.locator("a.name")).to_have_count(3)
        names.append(page.locator("[role=row]").all_inner_texts())
    assert names[0] == names[1]


def test_nothing_of_hostile_texts_and_files_runs_in_a_file(rest, hostile, tmp_path, open_file):  # noqa: F811
    others = [run for run in hostile.runs.values() if run != hostile.chief]
    file = export(hostile.chief, *others, "--from", rest.address, folder=tmp_path)
    text = file.read_text()
    assert text.count("<script") == text.count("</script>") == 3, "a text has ended the element that it lies in"
    assert "<!--" not in text and "\u2028" not in text
    page = open_file(file)
    page.watch.allow_message("")
    assert_nothing_ran(page)
    page.goto(file.as_uri() + f"#/experiments/{hostile.experiment}/runs/{hostile.chief}")
    settled(page)
    expect(heading(page)).to_have_text(TEXTS["script"])
    assert_nothing_ran(page)
    page.get_by_role("link", name="Artifacts").click()
    files = page.get_by_role("navigation", name="Files")
    shown = page.get_by_role("region", name="Preview")
    for name in hostile.files[:4]:
        files.get_by_role("link", name=name, exact=True).click()
        if name.endswith(".html"):
            expect(shown.locator("iframe").content_frame.get_by_role("heading", name="Heading")).to_be_visible()
        else:
            expect(shown).to_contain_text("Heading")
        assert_nothing_ran(page)
    page.goto(file.as_uri() + f"#/experiments/{hostile.experiment}")
    expect(page.get_by_role("link", name=TEXTS["script"], exact=True)).to_be_visible()
    assert_nothing_ran(page)


def test_the_policy_of_a_file_lets_nothing_in(rest, trained, tmp_path, open_file):
    page = open_file(export(trained.runs[2], "--from", rest.address, folder=tmp_path))
    page.watch.allow_message("")
    tried = page.evaluate(
        """async () => {
          const failed = (work) => work().then(() => false, () => true);
          const script = document.createElement("script");
          script.textContent = "apusRan.push('inline')";
          document.body.append(script);
          document.body.insertAdjacentHTML("beforeend", "<img src='http://elsewhere.example/x' onerror=\\"apusRan.push('handler')\\">");
          return [await failed(() => fetch("http://elsewhere.example/")), await failed(() => import("data:text/javascript,apusRan.push('data')")),
            await failed(() => new Promise((resolve, reject) => {
              const image = new Image();
              Object.assign(image, { onload: resolve, onerror: reject, src: "http://elsewhere.example/pixel.png" });
            }))];
        }"""
    )
    assert tried == [True, True, True]
    assert page.evaluate("apusRan") == []


@pytest.mark.parametrize("place", ["run", "compare", "table"])
def test_the_button_saves_a_file_that_opens(page, trained, tmp_path, open_file, place):
    runs = trained.runs
    addresses = {
        "run": f"#/experiments/{trained.experiment}/runs/{runs[0]}",
        "compare": f"#/compare?runs={','.join(runs)}",
        "table": f"#/experiments/{trained.experiment}?filter=params.same = 'yes'",
    }
    page.goto("./" + addresses[place])
    settled(page)
    with page.expect_download() as saved:
        if place == "compare":
            page.get_by_role("button", name="Export").click()
        else:
            page.get_by_role("button", name="More").click()
            page.get_by_role("menuitem", name=re.compile("Export")).click()
    file = tmp_path / "saved.html"
    saved.value.save_as(file)
    assert saved.value.suggested_filename.endswith(".html")
    opened = open_file(file)
    if place == "table":
        expect(opened.locator(".amount")).to_have_text("3 runs")
    else:
        expect(heading(opened)).to_have_text("trial-0" if place == "run" else "3 runs")


@pytest.mark.parametrize(
    ("place", "item", "name"),
    [("run", "Archive", "run-{run}.tar"), ("table", "Archive", "experiment-{experiment}.tar"), ("table", "CSV", "experiment-{experiment}.csv")],
)
def test_the_data_itself_is_saved(page, trained, tmp_path, place, item, name):
    run = trained.runs[0]
    page.goto(f"./#/experiments/{trained.experiment}" + (f"/runs/{run}" if place == "run" else ""))
    settled(page)
    page.get_by_role("button", name="More").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name=re.compile(item)).click()
    assert saved.value.suggested_filename == name.format(run=run, experiment=trained.experiment)
    saved.value.save_as(tmp_path / "saved")
    content = (tmp_path / "saved").read_bytes()
    assert content.startswith(b"run_id," if item == "CSV" else b"apus-archive.json") and run.encode() in content


def test_a_data_folder_is_exported_with_and_without_its_server(tmp_path, open_file):
    with ApusServer(directory=tmp_path / "home") as server:
        from rest import Rest

        rest = Rest(server.url)
        experiment = rest.experiment("of a folder")
        run = rest.run(experiment, "kept", 1_790_000_000_000, metrics=[("m", 1, 0)])
        data = next((tmp_path / "home").rglob("apus.db")).parent
        asked = export(run, "--data-dir", data, folder=tmp_path)
    read = export(run, "--data-dir", data, folder=tmp_path)
    for file in (asked, read):
        expect(heading(open_file(file))).to_have_text("kept")
    refused = subprocess.run(
        [apus_binary(), "export", "--format", "html", "0" * 32, "--data-dir", data], capture_output=True, text=True, cwd=tmp_path
    )
    assert refused.returncode == 2 and "0" * 32 in refused.stderr and not (tmp_path / "apus-export.html").exists()
