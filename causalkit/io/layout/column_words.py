"""Names by which people call columns that identify series, and columns that identify realisations."""

from __future__ import annotations

import re

_NUMBER = r"([ _.-]?(id|ids|no|nr|num|number|idx|index|code|name|label|key))?"
_SERIES = re.compile(
    "(variable|var|series|channel|chan|ch|sensor|signal|feature|roi|region of interest|parcel|electrode|probe|gene|"
    "transcript|protein|neuron|cell|unit|node|ticker|symbol|stock|asset|currency|instrument|indicator|metric|measure|"
    "measurement|parameter|param|item|attribute|element|pollutant|species|component|quantity|field|tag|column)"
    + _NUMBER,
    re.IGNORECASE,
)
_REALISATIONS = re.compile(
    "(subject|subj|sub|participant|patient|person|individual|animal|mouse|rat|trial|session|run|recording|rec|episode|"
    "realisation|realization|replicate|replica|repetition|rep|experiment|exp|epoch|block|segment|trajectory)"
    + _NUMBER
    + "|id|pid|uid",
    re.IGNORECASE,
)


def names_series(column: str) -> bool:
    """Return whether a column of this name usually contains names of series."""
    return _SERIES.fullmatch(_spaced(column)) is not None


def names_realisations(column: str) -> bool:
    """Return whether a column of this name usually identifies realisations."""
    return _REALISATIONS.fullmatch(_spaced(column)) is not None


def _spaced(column: str) -> str:
    """Return ``subjectID`` as ``subject ID``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column.strip())
