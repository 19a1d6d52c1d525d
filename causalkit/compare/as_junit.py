"""A comparison as JUnit XML: one test case a cell, one a gate. CI servers show them as test results."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from causalkit.compare.comparison import Comparison
from causalkit.display.labels import NOT_IN_XML, POLICIES

if TYPE_CHECKING:
    from causalkit.compare.record import CellRecord


def text(comparison: Comparison) -> str:
    """Return an XML document."""
    root = ElementTree.Element("testsuites", name="causalkit compare")
    cells = ElementTree.SubElement(root, "testsuite", name="cells")
    for record in comparison.records:
        _cell(cells, record)
    gates = ElementTree.SubElement(root, "testsuite", name="gates")
    for gate in comparison.gates:
        case = _case(gates, "gates", gate.text, 0.0)
        if not gate.holds:
            _child(case, "failure", gate.sentence, kind="gate")
        else:
            _child(case, "system-out", gate.sentence)
    for suite in (cells, gates):
        cases = suite.findall("testcase")
        suite.set("tests", str(len(cases)))
        suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
        suite.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))
        suite.set("errors", "0")
        suite.set("time", f"{sum(float(case.get('time', 0)) for case in cases):.3f}")
    for count in ("tests", "failures", "skipped", "errors"):
        root.set(count, str(sum(int(suite.get(count, 0)) for suite in (cells, gates))))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _cell(suite: ElementTree.Element, record: CellRecord) -> None:
    name = f"{record.cell.method} on {record.cell.data}, seed {record.cell.seed}"
    case = _case(suite, record.cell.data, name, record.seconds.get("total", 0.0))
    if record.status == "skipped":
        _child(case, "skipped", record.reason)
    elif not record.ok:
        _child(case, "failure", record.reason or record.status, kind=record.status)
    else:
        lines = [
            f"{metric} {number:.6g} {POLICIES[diagonal]}" if isinstance(number, int | float) else f"{metric} {number}"
            for diagonal, metrics in record.metrics.items()
            for metric, number in metrics.items()
        ]
        _child(case, "system-out", "\n".join(lines))


def _case(suite: ElementTree.Element, group: str, name: str, seconds: float) -> ElementTree.Element:
    # A dot in a class name is a package to CI servers.
    classname = f"compare.{_clean(group).replace('.', '_')}"
    return ElementTree.SubElement(suite, "testcase", classname=classname, name=_clean(name), time=f"{seconds:.3f}")


def _child(case: ElementTree.Element, tag: str, words: str, kind: str = "") -> None:
    words = _clean(words)
    child = ElementTree.SubElement(case, tag)
    if tag != "system-out":
        child.set("message", words)
    if kind:
        child.set("type", kind)
    child.text = words


def _clean(words: str) -> str:
    return NOT_IN_XML.sub("?", words)
