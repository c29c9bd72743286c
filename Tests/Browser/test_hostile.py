"""Whatever people, or programs, put into names and values is text: it is shown, and nothing of it runs."""

import tempfile
import uuid
from pathlib import Path
from types import SimpleNamespace as Thing
from urllib.parse import quote

import mlflow
import pytest
from playwright.sync_api import expect

from looking import overflow, settled, visit
from rest import pairs
from seed import NOTE

TEXTS = {
    "script": "<script>apusRan.push('script')</script>",
    "picture": '"><img src=x onerror="apusRan.push(\'picture\')">',
    "drawing": "<svg onload=apusRan.push('drawing')>",
    "link": "javascript:apusRan.push('link')",
    "template": "${apusRan.push('template')}{{constructor.constructor('apusRan.push(1)')()}}",
    "direction": "\u202egnp.exe\u202c then",
    "right to left": "تشغيل التجربة ١٢",
    "long": "long" * 60,
    "emoji": "👩🏽‍🔬🏳️‍🌈 Z̷̢͝a̶̛l̸g̵o",
    "quotes": 'it\'s "quoted" `so` \\ %27 %',
}
NOTE_TEXT = """# Heading <script>apusRan.push('note')</script>

[press me](javascript:apusRan.push('link')) [and me](  JaVaScRiPt:apusRan.push('case')) [data](data:text/html,<script>apusRan.push('data')</script>)
<img src=x onerror="apusRan.push('note picture')"> ![away](http://elsewhere.example/pixel.png)
<a href="javascript:apusRan.push('raw')">raw</a> `<script>apusRan.push('code')</script>` [x](http://a.example/"onmouseover="apusRan.push('quote'))

| <img src=x onerror=apusRan.push('cell')> |
|---|
| [cell](vbscript:apusRan.push('vb')) |
"""
# A page that would leave its frame, load from elsewhere and send a form, besides running scripts.
PAGE = """<h1>Heading</h1><script>parent.apusRan.push('page'); top.apusRan.push('top')</script>
<img src="http://elsewhere.example/pixel.png" onerror="parent.apusRan.push('page picture')"><iframe src="javascript:parent.apusRan.push('frame')"></iframe>
<meta http-equiv="refresh" content="0;url=http://elsewhere.example/"><link rel="stylesheet" href="http://elsewhere.example/a.css">
<form action="http://elsewhere.example/"><button autofocus>send</button></form>"""
MODEL_NAME = "<img src=x onerror=apusRan.push('model')>"


@pytest.fixture(scope="module")
def hostile(rest):
    """An experiment, its runs, a model and a prompt, all of whose texts are hostile."""
    mark = uuid.uuid4().hex[:6]
    name = TEXTS["picture"] + mark
    experiment = rest.experiment(name, **{NOTE: NOTE_TEXT, "link": TEXTS["link"], "script": TEXTS["script"]})
    runs = {}
    for kind, text in TEXTS.items():
        runs[kind] = rest.run(
            experiment,
            text,
            1_790_000_000_000,
            params={"p": text, f"{kind}/param": text},
            metrics=[(f"m/{kind}", 1.5, 0), ("shared", 2, 0)],
            tags={"t": text, f"{kind} tag": text, NOTE: NOTE_TEXT, "mlflow.source.name": text, "mlflow.user": text},
        )
    chief = runs["script"]
    dataset = {
        "name": TEXTS["script"],
        "digest": "d1",
        "source_type": "local",
        "source": TEXTS["link"],
        "schema": '{"x": "' + "<b>" + '"}',
    }
    rest.call(
        "runs/log-inputs",
        {"run_id": chief, "datasets": [{"dataset": dataset, "tags": pairs({"mlflow.data.context": TEXTS["picture"]})}]},
    )
    files = [
        "<img src=x onerror=apusRan.push('file')>.txt",
        "\u202egnp.txt",
        "javascript:apusRan.push('name').html",
        "x'\"&.csv",
        "<b>folder/inner.md",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            path = Path(folder) / file
            path.parent.mkdir(exist_ok=True)
            path.write_text(PAGE if file.endswith(".html") else NOTE_TEXT)
        mlflow.MlflowClient(rest.address).log_artifacts(chief, folder)
    rest.call("runs/log-batch", {"run_id": chief, "params": pairs({"long/" + "k" * 200: "v" * 5000})})
    model, prompt = MODEL_NAME + mark, TEXTS["drawing"] + mark
    rest.call(
        "registered-models/create",
        {"name": model, "description": NOTE_TEXT, "tags": pairs({"t": TEXTS["script"], "l": TEXTS["link"]})},
    )
    rest.call(
        "model-versions/create",
        {
            "name": model,
            "source": f"s3://x/{TEXTS['link']}",
            "description": NOTE_TEXT,
            "run_id": chief,
            "tags": pairs({"t": TEXTS["picture"]}),
        },
    )
    is_prompt = {"mlflow.prompt.is_prompt": "true"}
    rest.call("registered-models/create", {"name": prompt, "description": TEXTS["script"], "tags": pairs(is_prompt)})
    for text in (TEXTS["script"] + "{{x}}", TEXTS["picture"] + NOTE_TEXT):
        rest.call(
            "model-versions/create",
            {
                "name": prompt,
                "source": "dummy-source",
                "description": TEXTS["picture"],
                "tags": pairs({**is_prompt, "mlflow.prompt.text": text}),
            },
        )
    return Thing(name=name, experiment=experiment, runs=runs, chief=chief, files=files, model=model, prompt=prompt)


def assert_nothing_ran(page):
    """Nothing ran, nothing was made of the texts that could run, and no link leads to a script."""
    assert page.evaluate("apusRan") == []
    made = page.evaluate(
        """() => [...document.querySelectorAll("#content *, dialog *")].filter((node) =>
        node.localName === "script" || [...node.attributes].some(({ name }) => /^on/i.test(name)) || node.getAttribute("src") === "x"
        || /^\\s*(javascript|vbscript|data):/i.test(node.getAttribute("href") || "")).map((node) => node.outerHTML.slice(0, 200))"""
    )
    assert made == []
    assert overflow(page) <= 0


PLACES = {
    "experiments": "#/",
    "runs": "#/experiments/{experiment}?columns=status,user,params.p,tags.t,params.script/param,metrics.m/script",
    "runs by default": "#/experiments/{experiment}",
    "groups": "#/experiments/{experiment}?group=params.p",
    "charts": "#/experiments/{experiment}?view=charts",
    "about": "#/experiments/{experiment}?view=about",
    "run": "#/experiments/{experiment}/runs/{chief}",
    "run charts": "#/experiments/{experiment}/runs/{chief}?view=charts",
    "run files": "#/experiments/{experiment}/runs/{chief}?view=artifacts",
    "compare": "#/compare?runs={all}",
    "models": "#/models",
    "model": "#/models/{model}",
    "version": "#/models/{model}/versions/1",
    "prompts": "#/prompts",
    "prompt": "#/prompts/{prompt}",
    "prompt difference": "#/prompts/{prompt}?version=2&with=1",
}


def place_of(hostile, name):
    values = {
        "experiment": hostile.experiment,
        "chief": hostile.chief,
        "all": ",".join(hostile.runs.values()),
        "model": quote(hostile.model, safe=""),
        "prompt": quote(hostile.prompt, safe=""),
    }
    return PLACES[name].format(**values)


@pytest.mark.parametrize("place", PLACES)
def test_nothing_of_a_hostile_text_runs(page, hostile, place):
    visit(page, place_of(hostile, place))
    page.wait_for_load_state("networkidle")
    assert_nothing_ran(page)
    page.set_viewport_size({"width": 360, "height": 800})
    assert_nothing_ran(page)


def test_hostile_names_are_shown_as_they_are(page, hostile):
    visit(page, place_of(hostile, "runs"))
    for kind in ("script", "picture", "drawing", "link", "template", "emoji", "quotes"):
        expect(page.get_by_role("link", name=TEXTS[kind], exact=True)).to_be_visible()
    visit(page, place_of(hostile, "run"))
    expect(page.get_by_role("heading", level=1)).to_have_text(TEXTS["script"])
    visit(page, place_of(hostile, "model"))
    expect(page.get_by_role("heading", level=1)).to_have_text(hostile.model)
    visit(page, place_of(hostile, "prompt"))
    expect(page.get_by_text(TEXTS["picture"]).first).to_be_visible()


def test_links_of_a_note_to_scripts_and_pictures_from_elsewhere_are_not_made(page, hostile):
    visit(page, place_of(hostile, "run"))
    note = page.get_by_role("region", name="Note")
    for text in ("press me", "and me", "cell"):
        place = note.get_by_text(text, exact=True).first
        expect(place).to_be_visible()
        place.click()
    expect(note.locator("img")).to_have_count(0)
    assert_nothing_ran(page)
    assert page.watch.asked("elsewhere.example") == []


def test_a_name_that_turns_the_direction_of_text_does_not_turn_what_stands_beside_it(page, hostile):
    visit(page, place_of(hostile, "runs"))
    link = page.locator("a.name").filter(has_text="gnp.exe")
    assert link.evaluate("link => getComputedStyle(link).unicodeBidi") in ("isolate", "isolate-override", "plaintext")


def test_hostile_files_are_looked_at_and_nothing_runs(page, hostile):
    visit(page, place_of(hostile, "run files"))
    files = page.get_by_role("navigation", name="Files")
    # The browser says in many words what the sandbox of a frame and the policy stop. What ran, and what was asked for elsewhere, still counts.
    page.watch.allow_message("")
    for name in hostile.files[:4]:
        files.get_by_role("link", name=name, exact=True).click()
        shown = page.get_by_role("region", name="Preview")
        if name.endswith(".html"):
            expect(shown.locator("iframe").content_frame.get_by_role("heading", name="Heading")).to_be_visible()
        else:
            expect(shown).to_contain_text("Heading")
        assert_nothing_ran(page)
    files.get_by_text("<b>folder/").click()
    files.get_by_role("link", name="inner.md").click()
    expect(page.get_by_role("region", name="Preview")).to_contain_text("raw")
    assert_nothing_ran(page)


def test_hostile_keys_and_values_are_completed_and_filtered(page, hostile):
    visit(page, place_of(hostile, "runs"))
    box = page.get_by_role("combobox", name="Filter runs")
    box.press_sequentially("params.p = ")
    expect(page.get_by_role("option", name=TEXTS["drawing"])).to_be_visible()
    page.get_by_role("option", name=TEXTS["drawing"]).click()
    box.press("Escape")
    box.press("Enter")
    expect(page.locator(".amount")).to_have_text("1 run")
    expect(page.get_by_role("link", name=TEXTS["drawing"], exact=True)).to_be_visible()
    assert_nothing_ran(page)


def test_a_hostile_address_is_shown_as_text(page):
    visit(page, "#/<img src=x onerror=apusRan.push(1)>")
    assert_nothing_ran(page)
    visit(page, "#/%3Cscript%3EapusRan.push(1)%3C%2Fscript%3E?filter=%3Cscript%3E")
    expect(page.get_by_text("<script>apusRan.push(1)</script>").first).to_be_visible()
    assert_nothing_ran(page)


def test_the_message_of_the_server_about_a_hostile_filter_is_text(page, hostile):
    page.watch.expect(400, "runs/table")
    visit(page, f"#/experiments/{hostile.experiment}")
    box = page.get_by_role("combobox", name="Filter runs")
    box.fill("params.p = '<img src=x onerror=apusRan.push(2)>' AND metrics.x = '<script>apusRan.push(3)</script>'")
    box.press("Enter")
    expect(box).to_have_attribute("aria-invalid", "true")
    assert_nothing_ran(page)


def test_the_jump_box_shows_hostile_names_as_text(page, hostile):
    visit(page, "#/models")
    page.keyboard.press("Control+k")
    page.keyboard.type("onerror")
    expect(page.get_by_role("dialog").get_by_role("option").filter(has_text=hostile.name)).to_be_visible()
    assert_nothing_ran(page)
