"""The look of HTML elements in notebooks, for light and dark themes."""

from __future__ import annotations

STYLE = """<style>
.causalkit{font-size:90%;line-height:1.4}
.causalkit>div,.causalkit>ul{max-width:75em}
.causalkit>.ck-parts{max-width:none}
.causalkit table{color:inherit;font-size:inherit;border-collapse:collapse;margin:.5em 0}
.causalkit .ck-edges td,.causalkit .ck-edges th{padding:.15em .7em;text-align:left;white-space:nowrap}
.causalkit .ck-edges tr{border-bottom:1px solid rgba(128,128,128,.35);background:none}
.causalkit .ck-edges .ck-n{text-align:right;font-variant-numeric:tabular-nums}
.causalkit .ck-edges th{vertical-align:bottom}
.causalkit .ck-bar{display:inline-block;height:.65em;min-width:1px;background:#0072B2;border-radius:1px}
.causalkit .ck-parts{display:flex;flex-wrap:wrap;gap:1em 2.5em;align-items:flex-start;margin-bottom:.5em}
.causalkit .ck-parts>div{max-width:100%;min-width:0}
.causalkit .ck-scroll{overflow-x:auto;max-width:100%}
.causalkit .ck-map{border-collapse:separate;border-spacing:0;background:none}
.causalkit .ck-map tr,.causalkit .ck-map th{background:none;border:0}
.causalkit .ck-map td{box-sizing:border-box;width:1.05em;min-width:1.05em;height:1.05em;padding:0;
border:1px solid rgba(128,128,128,.22)}
.causalkit .ck-map.ck-few td{width:1.7em;min-width:1.7em;height:1.7em}
.causalkit .ck-map th{padding:0;font-weight:normal;font-size:75%;line-height:1;white-space:nowrap}
.causalkit .ck-map.ck-few th{font-size:90%}
.causalkit .ck-map .ck-row{text-align:right;padding-right:.5em}
.causalkit .ck-map .ck-col{vertical-align:bottom;text-align:center;padding-bottom:.4em}
.causalkit .ck-map .ck-col span{display:inline-block;writing-mode:vertical-rl}
.causalkit .ck-map td.ck-self{border:1px dotted rgba(128,128,128,.9)}
.causalkit .ck-map td.ck-edge,.causalkit .ck-frame{border:2px solid currentColor}
.causalkit .ck-legend{display:flex;flex-wrap:wrap;gap:.1em 1.2em;font-size:85%;opacity:.8;max-width:32em}
.causalkit .ck-scale{display:inline-block;width:2.5em;height:.7em;border:1px solid rgba(128,128,128,.4)}
.causalkit .ck-frame{display:inline-block;width:.7em;height:.7em;box-sizing:border-box;vertical-align:-.05em}
.causalkit .ck-track{display:inline-block;width:12em;max-width:40%;height:.7em;background:rgba(128,128,128,.3)}
.causalkit .ck-done{display:block;height:100%;background:#0072B2}
.causalkit .ck-soft{opacity:.8}
</style>"""
