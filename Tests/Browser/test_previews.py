"""Artifacts are looked at beside their tree; nothing that a file holds is run."""

import base64
import io
import tempfile
import uuid
import zipfile
from pathlib import Path

import mlflow
import pytest
from playwright.sync_api import expect

from looking import address_has, has_color, picture_of, settled, visit
from seed import EPOCH_COLORS, TEXTS
from servers import wait_until


def open_files(page, world, query=""):
    visit(page, f"#/experiments/{world.media.id}/runs/{world.media.run}?view=artifacts{query}")


def preview(page):
    return page.get_by_role("region", name="Preview")


def show(page, world, path):
    """Opens the preview of a file by its address."""
    open_files(page, world, f"&file={path}")
    return preview(page)


def loaded(image):
    """Waits until an image is decoded and returns its natural width."""
    wait_until(lambda: image.evaluate("image => image.complete && image.naturalWidth"), 10, "the image")
    return image.evaluate("image => image.naturalWidth")


def test_the_picture_of_epoch_five_is_found_by_the_slider(page, world):
    open_files(page, world)
    files = page.get_by_role("navigation", name="Files")
    files.get_by_text("images/").click()
    files.get_by_role("link", name="predictions").click()
    slider = preview(page).get_by_role("slider", name="Step")
    expect(slider).to_have_attribute("aria-valuetext", "step 8")
    slider.focus()
    for _ in range(3):
        slider.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "step 5")
    image = preview(page).get_by_role("img")
    expect(image).to_have_attribute("alt", "predictions at step 5")
    loaded(image)
    assert has_color(picture_of(image), EPOCH_COLORS[4])
    address_has(page, "step=5")
    page.reload()
    settled(page)
    expect(preview(page).get_by_role("slider", name="Step")).to_have_attribute("aria-valuetext", "step 5")


def test_the_buttons_beside_the_slider_go_from_epoch_to_epoch(page, world):
    show(page, world, "series:predictions")
    slider = preview(page).get_by_role("slider", name="Step")
    page.get_by_role("button", name="Previous step").click()
    expect(slider).to_have_attribute("aria-valuetext", "step 7")
    page.get_by_role("button", name="Next step").click()
    expect(slider).to_have_attribute("aria-valuetext", "step 8")


def test_a_folder_opens_and_a_file_in_it_is_shown(page, world):
    open_files(page, world)
    files = page.get_by_role("navigation", name="Files")
    files.get_by_text("src/").click()
    files.get_by_role("link", name="train.py").click()
    expect(preview(page)).to_contain_text("def main():")
    address_has(page, "file=src/train.py")


@pytest.mark.parametrize(
    "path, shown",
    [
        ("notes.txt", "second line"),
        ("src/train.py", "return 42"),
        ("config.yaml", "depth: 50"),
        ("config.json", '"depth": 50'),
    ],
)
def test_texts_are_shown_as_they_are(page, world, path, shown):
    expect(show(page, world, path).locator("pre")).to_contain_text(shown)


@pytest.mark.parametrize(
    "path, head, cell",
    [
        ("data/report.csv", "score", "Smith, Jo"),
        ("data/report.tsv", "right", "2"),
        ("tables/answers.json", "prompt", "second row"),
    ],
)
def test_tables_are_shown_as_tables(page, world, path, head, cell):
    view = show(page, world, path)
    expect(view.get_by_role("columnheader", name=head)).to_be_visible()
    expect(view.get_by_role("cell", name=cell, exact=True)).to_be_visible()


def test_what_looks_like_markup_in_a_table_is_text(page, world):
    expect(show(page, world, "data/report.csv").get_by_role("cell", name="<b>bold</b>", exact=True)).to_be_visible()


def test_markdown_is_rendered(page, world):
    view = show(page, world, "readme.md")
    expect(view.get_by_role("heading", name="Card of the model")).to_be_visible()
    expect(view.locator("strong").filter(has_text="small")).to_be_visible()


def test_a_long_log_is_shown_by_its_head_and_by_its_end(page, world):
    view = show(page, world, "logs/train.log")
    expect(view.locator("pre")).to_contain_text("line 100 ")
    assert "line 39999" not in view.locator("pre").inner_text()
    view.get_by_role("button", name="Show the end").click()
    expect(view.locator("pre")).to_contain_text("line 39999")
    assert len(TEXTS["logs/train.log"]) > 700_000


def test_a_picture_is_shown(page, world):
    image = show(page, world, "plots/plain.png").get_by_role("img")
    assert loaded(image) == 40
    assert has_color(picture_of(image), (10, 120, 220))


def test_a_drawing_is_shown_and_its_script_does_not_run(page, world):
    image = show(page, world, "plots/drawing.svg").get_by_role("img")
    assert loaded(image) > 0
    assert has_color(picture_of(image), (0, 128, 96))
    assert page.evaluate("apusRan") == []


def test_a_page_is_shown_in_a_frame_and_its_script_does_not_run(page, world):
    page.watch.expect_message("Blocked script execution in 'about:srcdoc'")
    frame = show(page, world, "report.html").locator("iframe")
    expect(frame).to_have_attribute("sandbox", "")
    expect(frame.content_frame.get_by_role("heading", name="Report of the run")).to_be_visible()
    expect(frame.content_frame.get_by_text("script ran")).to_have_count(0)
    assert page.evaluate("apusRan") == []


def test_sound_can_be_played(page, world):
    sound = show(page, world, "binary/tone.wav").locator("audio")
    expect(sound).to_have_attribute("controls", "")
    wait_until(lambda: sound.evaluate("sound => sound.duration > 0.09"), 10, "the length of the sound")


def test_film_can_be_played(page, rest):
    """The film is made by the browser itself: the tests have no encoder."""
    visit(page, "#/")
    film = base64.b64decode(page.evaluate("""async () => {
        const canvas = document.createElement("canvas");
        canvas.width = canvas.height = 64;
        const pen = canvas.getContext("2d");
        const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: "video/webm" });
        const parts = [];
        recorder.ondataavailable = ({ data }) => parts.push(data);
        const stopped = new Promise((done) => { recorder.onstop = done; });
        recorder.start();
        for (let frame = 0; frame < 12; frame += 1) {
            pen.fillStyle = `hsl(${frame * 30} 90% 50%)`;
            pen.fillRect(0, 0, 64, 64);
            await new Promise((done) => requestAnimationFrame(done));
        }
        recorder.stop();
        await stopped;
        const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
        return btoa(String.fromCharCode(...bytes));
    }"""))
    experiment = rest.experiment(f"film {uuid.uuid4().hex[:8]}")
    run = rest.run(experiment, "with a film", 1_600_000_000_000)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "film.webm").write_bytes(film)
        mlflow.MlflowClient(rest.address).log_artifacts(run, folder)
    visit(page, f"#/experiments/{experiment}/runs/{run}?view=artifacts&file=film.webm")
    video = preview(page).locator("video")
    wait_until(lambda: video.evaluate("video => video.videoWidth === 64"), 10, "the film")


def test_a_document_is_shown_in_a_frame(page, world):
    frame = show(page, world, "binary/page.pdf").locator("iframe")
    expect(frame).to_be_visible()
    assert frame.get_attribute("src").startswith("blob:")


def test_a_file_without_a_preview_says_so_and_can_be_downloaded(page, world):
    view = show(page, world, "binary/weights.bin")
    expect(view).to_contain_text("no preview")
    with page.expect_download() as download:
        view.get_by_role("link", name="Download").click()
    assert Path(download.value.path()).read_bytes() == bytes(range(256)) * 20


def test_a_folder_is_downloaded_as_an_archive(page, world):
    open_files(page, world)
    page.get_by_role("navigation", name="Files").get_by_text("src/").hover()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download src as zip").click()
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as archive:
        assert [Path(name).name for name in archive.namelist()] == ["train.py"]


def test_the_journal_lists_what_was_uploaded(page, world):
    open_files(page, world)
    page.get_by_text("Journal of uploads").click()
    expect(page.get_by_role("table", name="Journal")).to_contain_text("notes.txt")


def test_the_files_of_a_logged_model_are_looked_at(page, world):
    media = world.media
    visit(page, f"#/experiments/{media.id}/models/{media.model}")
    page.get_by_role("navigation", name="Files").get_by_role("link", name="MLmodel").click()
    expect(preview(page)).to_contain_text("python_function")
