"""Reports in a browser, as wide as a phone and as a desk: nothing is cut, and what goes on beyond an edge says so."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

import causalkit
from causalkit.report import report_comparison, report_discovery
from tests.test_report import discovery, grid, record, truth

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

PHONE, DESK = 390, 1280
WIDTHS = (PHONE, DESK)
LONG = "Average hourly temperature of the northern measuring station number {} (degrees Celsius)"
HOSTILE = (
    "<script>document.title='hacked'</script>",
    "</svg></table><b id=hacked>x",
    'a" onload="document.title=1',
    "&lt;amp&gt;",
    "$\\frac{1}{0}$",
    "%s{0}{{ x }}{% x %}",
    "averylongnamewithoutanybreak" * 4,
    "\u05d0\u05d1\u05d2",
    "\u05d3\u05d4",
    "<img src=x onerror=document.title=2>",
)
LABELS = ("var", "grngc[lag=2,regularizer.strength=0.1,training.epochs=30]", "cmlp[lag=auto:20,training.epochs=2000]")

# Runs in the page: what sticks out of it, how tables scroll, and how large pictures are.
PROBE = """
const seen = e => e.getClientRects().length > 0;
const box = e => e.getBoundingClientRect();
function looks() {
  const tables = [...document.querySelectorAll('.scroll')].filter(seen).map(e => {
    const head = e.querySelector('tbody th'), cue = e.querySelector('.cue'), before = box(head).left;
    const over = e.scrollWidth - e.clientWidth, cued = !!cue && seen(cue);
    e.scrollLeft = 9999;
    const moved = before - box(head).left;
    e.scrollLeft = 0;
    const spilt = [...e.querySelectorAll('th, td')]
                  .filter(c => c.scrollWidth > c.clientWidth + 1).map(c => c.textContent);
    return {caption: e.ariaLabel, spilt, over, cued, moved, head: box(head).width, room: e.clientWidth,
            verdict: [...e.querySelectorAll('thead th')].filter(h => /selected|significant/.test(h.textContent))
                     .map(h => box(h).right - box(e).left)[0] || 0};
  });
  const pictures = [...document.querySelectorAll('figure')].filter(seen).map(f => {
    const p = f.querySelector('svg, img'), switched = f.querySelector('.enlarge input');
    const fits = box(p).width <= box(f).width, width = box(p).width;
    let larger = 0, scrolls = false;
    if (switched && seen(switched)) {
      switched.checked = true; larger = box(p).width; scrolls = f.scrollWidth > f.clientWidth; switched.checked = false;
    }
    return {fits, width, larger, scrolls, filter: getComputedStyle(p).filter, alt: p.ariaLabel || p.alt};
  });
  const out = [...document.querySelectorAll('body *')]
              .filter(e => seen(e) && !e.closest('.scroll, pre, .skip, .letters') && box(e).right > innerWidth + 1)
              .map(e => e.outerHTML.slice(0, 80));
  return {width: innerWidth, page: document.documentElement.scrollWidth, out, tables, pictures, title: document.title,
          scripts: document.scripts.length, hacked: !!document.querySelector('#hacked, img:not([src^="data:"])'),
          ground: getComputedStyle(document.body).backgroundColor};
}
addEventListener('load', () => {
  document.querySelectorAll('details').forEach(e => { e.open = true; });
  setTimeout(() => parent.postMessage(looks(), '*'), 400);  // whether a table scrolls is known a frame later
});
"""
FRAMES = """<!DOCTYPE html><pre id="found"></pre>{frames}<script>
const found = [];
addEventListener('message', e => {{
  found.push(e.data);
  if (found.length == {count}) document.querySelector('#found').textContent = JSON.stringify(found);
}});
</script>"""


def seen(page, folder, *, dark=False):
    """What a browser shows of a page at both widths; windows are never narrower than 500 pixels, frames are."""
    text = page.read_text(encoding="utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    (folder / "probed.html").write_text(text.replace("</head>", f"<script>{PROBE}</script></head>"), encoding="utf-8")
    frame = '<iframe src="probed.html" style="border:0;height:900px;width:{}px"></iframe>'
    frames = "".join(map(frame.format, WIDTHS))
    (folder / "frames.html").write_text(FRAMES.format(frames=frames, count=len(WIDTHS)))
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    command += ["--virtual-time-budget=8000", "--dump-dom"]
    command += ["--blink-settings=preferredColorScheme=0"] if dark else []
    address = (folder / "frames.html").as_uri()
    done = subprocess.run([*command, address], capture_output=True, check=True, timeout=300)
    found = re.search(r'<pre id="found">(.+?)</pre>', done.stdout.decode(), re.S)
    assert found, done.stdout[-2000:]
    looks = {look["width"]: look for look in json.loads(html.unescape(found[1]))}
    assert set(looks) == set(WIDTHS)
    return looks


def check(look):
    """Nothing sticks out of the page; tables that scroll say so and keep their first column; pictures fit."""
    assert look["page"] <= look["width"]
    assert look["out"] == []
    assert look["scripts"] == 1, "the page runs a script beside the probe"
    assert not look["hacked"]
    assert look["title"] in ("Causal discovery", "Comparison of causal discovery methods")
    for table in look["tables"]:
        assert table["spilt"] == [], table
        if table["over"] > 1:
            assert table["cued"], table
            assert abs(table["moved"]) < 2, table
            assert table["head"] < 0.55 * table["room"], table
        else:
            assert not table["cued"], table
    assert all(picture["fits"] for picture in look["pictures"])


def found(names, steps=300, lag=2):
    """The result of a linear method on a chain."""
    values = np.random.default_rng(0).standard_normal((steps, len(names)))
    for effect in range(1, len(names)):
        values[1:, effect] += 0.8 * values[:-1, effect - 1]
    values[7, 0] = np.nan
    return causalkit.discover(pd.DataFrame(values, columns=list(names)), method="var", lag=lag)


NAMES = {
    "5 short names": [f"x{number}" for number in range(5)],
    "40 short names": [f"x{number}" for number in range(40)],
    "long names": [LONG.format(number) for number in range(6)],
    "hostile names": HOSTILE,
}


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("kind", NAMES)
def test_a_report_of_a_discovery_fits_phone_and_desk(kind, tmp_path):
    looks = seen(report_discovery(found(NAMES[kind]), tmp_path / "r.html"), tmp_path)
    for look in looks.values():
        check(look)
    edges = next(table for table in looks[DESK]["tables"] if "possible edges" in table["caption"])
    assert edges["verdict"] <= edges["room"]
    wide = [picture for picture in looks[PHONE]["pictures"] if picture["larger"]]
    assert wide, "the lag graph can be enlarged"
    assert all(picture["larger"] > 2 * picture["width"] and picture["scrolls"] for picture in wide)
    assert not any(picture["larger"] for picture in looks[DESK]["pictures"])


def test_a_report_of_a_result_with_everything_fits(tmp_path):
    spread = np.full((9, 9, 2), 0.25)
    made = discovery(9, standard_errors=spread, p_values=spread / 9).select("fdr:0.5")
    for look in seen(report_discovery(made, tmp_path / "r.html", truth=truth(9)), tmp_path).values():
        check(look)


def test_a_report_of_a_comparison_fits_and_its_verdicts_are_whole(tmp_path):
    records = [
        record(method, data, seed, better=float(better))
        for better, method in enumerate(LABELS)
        for data in ("ring", "chain[length=1000,strength=0.25]", "other")
        for seed in range(3)
    ]
    page = report_comparison(grid(tmp_path / "runs", records), tmp_path / "r.html")
    for width, look in seen(page, tmp_path).items():
        check(look)
        tests = next(table for table in look["tables"] if table["caption"].startswith("Paired tests"))
        assert 0 < tests["verdict"] <= tests["room"], width


def test_pictures_are_dark_where_the_page_is(tmp_path):
    page = report_discovery(found(NAMES["5 short names"]), tmp_path / "r.html")
    for dark in (False, True):
        look = seen(page, tmp_path, dark=dark)[DESK]
        assert (look["ground"] != "rgb(255, 255, 255)") == dark
        assert all(("invert" in picture["filter"]) == dark for picture in look["pictures"])
