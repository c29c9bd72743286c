"""The files of the pages as the server sends them, without comments and spaces, mean the same as those in `static/`."""

from __future__ import annotations

import re
from pathlib import Path

STATIC = Path(__file__).resolve().parents[2] / "static"

# The start of an exported file, which needs that file; Tests/Browser/test_export.py opens such files.
OF_EXPORTS = {"core/start-file.js", "core/offline.js", "core/offline-filter.js", "core/offline-table.js"}
# The account, which only a server with users has; Tests/Browser/test_accounts.py opens it.
OF_USERS = {"core/account.js"}


def exports(path: Path) -> list[str]:
    """The names that a module exports."""
    names = re.findall(r"^export (default )?(?:async )?(?:function\*?|const|class) (\w+)", path.read_text(), re.MULTILINE)
    return sorted("default" if default else name for default, name in names)


def test_every_module_is_valid_and_exports_what_it_says(page):
    paths = {str(path.relative_to(STATIC)): path for path in STATIC.glob("*/*.js")}
    expected = {name: exports(path) for name, path in paths.items() if name not in OF_EXPORTS | OF_USERS}
    page.goto("./#/experiments")
    page.get_by_role("heading", name="Experiments").wait_for()
    found = page.evaluate(
        """async (paths) => {
            const { $held, $load } = await import("./static-files/core/ahead.js");
            const entries = await Promise.all(paths.map(async (path) => [path, Object.keys(await $load(path)).sort()]));
            return Object.fromEntries(entries);
        }""",
        list(expected),
    )
    assert found == expected


def test_every_rule_of_the_style_sheets_is_the_same(page):
    page.goto("./#/experiments")
    for path in STATIC.glob("*.css"):
        rules = page.evaluate(
            """async ({ name, source }) => {
                const rulesOf = (text) => {
                    const sheet = new CSSStyleSheet();
                    sheet.replaceSync(text);
                    // Browsers keep the spaces in the values of variables.
                    return [...sheet.cssRules].map(({ cssText }) => cssText.replace(/([,:;]) +/g, "$1"));
                };
                return [rulesOf(source), rulesOf(await (await fetch("./static-files/" + name)).text())];
            }""",
            {"name": path.name, "source": path.read_text()},
        )
        assert rules[0] == rules[1] and len(rules[0]) > 5, path.name
