"""The look of HTML elements in notebooks, for light and dark themes."""

from __future__ import annotations

STYLE = """<style>
.causalkit{font-size:90%;line-height:1.4;max-width:75em}
.causalkit table{color:inherit;font-size:inherit;border-collapse:collapse;margin:.5em 0}
.causalkit .ck-edges td,.causalkit .ck-edges th{padding:.15em .7em;text-align:left;white-space:nowrap}
.causalkit .ck-edges tr{border-bottom:1px solid rgba(128,128,128,.35);background:none}
.causalkit .ck-edges td.ck-n{text-align:right;font-variant-numeric:tabular-nums}
.causalkit .ck-bar{display:inline-block;height:.65em;background:#0072B2;border-radius:1px}
.causalkit .ck-parts{display:flex;flex-wrap:wrap;gap:1em 2.5em;align-items:flex-start}
.causalkit .ck-score{display:inline-block;min-width:4em;font-variant-numeric:tabular-nums}
.causalkit .ck-map{border:1px solid rgba(128,128,128,.6);table-layout:fixed}
.causalkit .ck-map td{width:.8em;height:.8em;padding:0;border:0}
.causalkit .ck-map.ck-few td{width:1.7em;height:1.7em}
.causalkit .ck-map td.ck-self{outline:1px dotted rgba(128,128,128,.9);outline-offset:-2px}
.causalkit .ck-soft{opacity:.8}
</style>"""
