"""Text tables as people and programs write them: read where the reading cannot be wrong, otherwise a question."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import shlex
import zipfile

import click
import numpy as np
import pytest

from causalkit.cli.options.data import data_options, reading
from causalkit.errors import DataError, WrongUsageError
from causalkit.io import ReadOptions, read
from tests.wild import TRUE, chain, edges, noted

CHAIN = chain()
DATED = CHAIN.round(4).set_axis(np.datetime_as_string(np.datetime64("2020-01-01") + np.arange(300)), axis=0)


def first(panel):
    return panel.realisations[0].tolist()


def options_in(hint):
    """Return the options that a hint names, as the command line reads them."""
    found = re.findall(r"(?:add|with|if it separates thousands,) (--\S.*?)(?=$|;| if | or |, or|, leave|, mark)", hint)
    taken = {}
    command = click.command()(data_options(lambda **given: taken.update(given)))
    command.main(shlex.split(found[0]), standalone_mode=False)
    return ReadOptions(**reading(taken))


def refused(path, **options):
    with pytest.raises(DataError) as caught:
        read(path, ReadOptions(**options))
    assert "\n" not in str(caught.value)
    return caught.value


# Numbers


@pytest.mark.parametrize(
    "text",
    [
        "a;b\n1,5;2\n2,25;3\n",
        "a\tb\n1,5\t2\n2,25\t3\n",
        'a,b\n"1,5",2\n"2,25",3\n',
        "a b\n1,5 2,0\n2,25 3,0\n",
        "a;b\n1,5E+00;2\n2,25;3\n",
    ],
)
def test_decimal_commas_are_recognised_and_said(file, text):
    panel = read(file(text))
    assert first(panel) == [[1.5, 2], [2.25, 3]]
    assert noted(panel, "decimal commas")
    assert first(read(file(text), ReadOptions(decimal=","))) == first(panel)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a;b\n1.234,5;2\n998,5;3\n", 1234.5),
        ('a,b\n"1,234.5",2\n998.5,3\n', 1234.5),
        ('a,b\n"1,234,567",2\n998,3\n', 1234567),
        ("a;b\n1.234.567;2\n998;3\n", 1234567),
        ('a,b\n"1,234",2.5\n998,1.5\n', 1234),
        ("a;b\n1'234;2\n998;3\n", 1234),
        ("a;b\n1\u2019234.5;2\n998;3\n", 1234.5),
        ("a;b\n1 234;2\n998;3\n", 1234),
        ("a;b\n1\u00a0234,5;2\n998;3\n", 1234.5),
        ("a;b\n1\u202f234,5;2\n998;3\n", 1234.5),
    ],
)
def test_thousands_that_can_be_nothing_else(file, text, value):
    panel = read(file(text))
    assert panel.realisations[0][0, 0] == value
    assert noted(panel, "thousands")


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("a;b\n998;2\n1.002;3\n7;1\n", "."),
        ("a,b\n998,2\n1.002,3\n7,1\n", "."),
        ("a\tb\n998\t2\n1,002\t3\n7\t1\n", ","),
        ('a,b\n998,2\n"1,002",3\n7,1\n', ","),
    ],
)
def test_a_number_that_can_mean_two_things_is_a_question(file, text, mark):
    path = file(text)
    error = refused(path)
    assert f"1{mark}002" in str(error)
    assert f"--thousands {mark}" in error.hint
    assert f"--decimal {mark}" in error.hint
    assert read(path, ReadOptions(thousands=mark)).realisations[0][1, 0] == 1002
    assert read(path, ReadOptions(decimal=mark)).realisations[0][1, 0] == 1.002


def test_decimals_of_a_time_prove_nothing_about_other_columns(file):
    assert "'1.002' can be" in str(refused(file("t;a;b\n0.5;998;2\n1.0;1.002;3\n1.5;7;1\n")))


def test_thousands_far_down_in_a_file_are_found(file):
    rows = [f"{value};{value % 7}" for value in range(100, 999)] * 2
    assert "1.002" in str(refused(file("a;b\n" + "\n".join([*rows, "1.002;3", "5;1"]) + "\n")))


def test_a_point_beside_decimal_commas_is_no_decimal_point(file):
    path = file("a;b\n1,5;1.234\n2,5;998\n3,7;5\n")
    assert "--thousands ." in refused(path).hint
    assert "--thousands ." in refused(path, decimal=",").hint
    assert first(read(path, ReadOptions(thousands=".")))[0] == [1.5, 1234]


@pytest.mark.parametrize(
    "text", ["a\n1,5\n2,5\n3,5\n", "date,a\n2020-01-01,1,5\n2020-01-02,2,25\n", "t,a,b\n0,1,5,2,5\n1,2,5,3,5\n"]
)
def test_decimal_commas_between_commas_are_no_columns(file, text):
    assert "decimal commas" in refused(file(text)).hint


def test_numbers_beside_codes_are_read_once(file):
    path = file("a;b\n+11,653;1.819,5\n25,860;n.d.\nn.d.;1.142,9\n")
    panel = read(path, ReadOptions(decimal=",", thousands=".", missing="n.d."))
    assert np.array_equal(panel.realisations[0], [[11.653, 1819.5], [25.86, np.nan], [np.nan, 1142.9]], equal_nan=True)


def test_the_chain_with_points_between_thousands(file):
    thousands = (CHAIN * 1000).round().astype(int)
    text = "date;a;b;c\n" + "".join(
        ";".join([date, *(f"{value:,}".replace(",", ".") for value in row)]) + "\n"
        for date, row in zip(DATED.index, thousands.to_numpy(), strict=True)
    )
    path = file(text)
    error = refused(path)
    assert edges(read(path, options_in(error.hint))) == TRUE


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["12%", "9.5%", "-7%"], [12, 9.5, -7]),
        (["$1,200.50", "-$900.25", "$7.00"], [1200.5, -900.25, 7]),
        (["5 \u20ac", "7 \u20ac", "6 \u20ac"], [5, 7, 6]),
        (["\u22121.5", "9.5", "7"], [-1.5, 9.5, 7]),
        (["1e5", "1.5E+03", "+3"], [1e5, 1500, 3]),
        ([".5", "5.", "-.5"], [0.5, 5, -0.5]),
        (["1.5D+03", "2.0D-01", "3.0D+00"], [1500, 0.2, 3]),
    ],
)
def test_other_ways_to_write_numbers(file, cells, values):
    panel = read(file("a;b\n" + "".join(f"{cell};{row % 2}\n" for row, cell in enumerate(cells))))
    assert panel.realisations[0][:, 0].tolist() == values


@pytest.mark.parametrize("odd", ["1d5", "5 kg", "(1.5)", "1_000", "0x1F", "1.2.3", "12%"])
def test_the_odd_cell_is_named(file, odd):
    rows = [f"{row % 5}.5,{row % 3}" for row in range(300)]
    rows[200] = f"{odd},1"
    error = refused(file("a,b\n" + "\n".join(rows) + "\n"))
    assert "line 202, column 'a'" in str(error)
    assert repr(odd) in str(error)


def test_the_odd_date_is_named(file):
    rows = [f"{date},{row % 5}" for row, date in enumerate(DATED.index)]
    rows[150] = "Total,7"
    error = refused(file("date,a\n" + "\n".join(rows) + "\n"))
    assert "line 152, column 'date'" in str(error)


def test_text_columns_are_left_out_by_one_option(file):
    path = file('a,my site,b,"it\'s ""x"""\n1,x,.5,yes\n2,y,1,no\n1,x,2,yes\n3,z,2,no\n')
    error = refused(path)
    assert "text, not numbers" in str(error)
    assert read(path, options_in(error.hint)).names == ("a", "b")


def test_a_sign_in_some_cells_is_no_question_of_the_comma(file):
    path = file("a;b\n12,5%;1\n9,5;2\n7,5;0\n8,5;1\n")
    assert "--decimal" not in refused(path).hint
    assert read(file("a;b\n12,5%;1\n-9,0;2\n7,5%;0\n"), ReadOptions(missing="-9")).realisations[0][0, 0] == 12.5


# Missing codes


def test_missing_codes_are_compared_as_numbers_and_as_text(file):
    path = file("a,b\n1,.5\n-999.0,5.\n3,-99.99\n-999,n.d.\n")
    panel = read(path, ReadOptions(missing=("-999", "-99.990", "n.d.")))
    assert np.isnan(panel.realisations[0]).tolist() == [[False, False], [True, False], [False, True], [True, True]]
    assert "line 5" in str(refused(path, missing=("-999", "-99.99")))


def test_a_code_that_occurs_nowhere_is_said(file):
    panel = read(file("a,b\n1,2\n-999,3\n4,5\n"), ReadOptions(missing=("-999", "-77", "n.d.")))
    assert noted(panel, "'-77' and 'n.d.'", "nowhere")


def test_missing_codes_in_memory():
    codes = CHAIN.astype(np.float32).copy()
    codes.iloc[::40, 1] = -99.99
    codes.iloc[7, 0] = np.float32(1e20)
    assert edges(codes, missing=(-99.99, "1e20")) == TRUE


@pytest.mark.parametrize("words", [["--missing", "-999,-99.99"], ["--missing=-999", "--missing", "-99.99"]])
def test_codes_begin_with_a_dash_on_the_command_line(words):
    taken = {}
    click.command()(data_options(lambda **given: taken.update(given))).main(words, standalone_mode=False)
    assert ReadOptions(**reading(taken)).missing == ("-999", "-99.99")


def test_an_infinite_cell_can_be_a_missing_code(file):
    path = file("a,b\n1,2\ninf,3\n4,5\n")
    assert np.isnan(read(path, options_in(refused(path).hint)).realisations[0][1, 0])


# What is above and below the measurements

PLAIN = "time,a,b\n0,1.5,2\n1,2.5,3\n2,3.5,5\n3,1.5,1\n"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Measurements of 2020\n\n" + PLAIN, "above the table"),
        ("Measurements of 2020,,\n,,\n" + PLAIN, "above the table"),
        ("station: 5\nlatitude: 51.5\n" + PLAIN, "above the table"),
        ("station,5\nlatitude,51.5\n" + PLAIN, "above the table"),
        ('"TOA5","x","y","z","u"\n' + PLAIN, "above the table"),
        ("# one\n# two, three\n" + PLAIN, "comment"),
        ("% one\n% two, three\n" + PLAIN, "comment"),
        ("// one\n" + PLAIN, "comment"),
        ("; one\n; two, three\n" + PLAIN, "comment"),
        ("! one\n" + PLAIN, "comment"),
        ("sep=,\n" + PLAIN, ""),
        (PLAIN.replace("1,2.5", "# cleaned, twice\n1,2.5"), "comment"),
        (PLAIN.replace("0,1.5,2\n", "s,[mm],[degC]\n0,1.5,2\n"), "units"),
        (PLAIN.replace("0,1.5,2\n", "-,-,-\n0,1.5,2\n"), "units"),
        (PLAIN + ",,\n,,\n\n", "empty rows"),
        (PLAIN + "Source: someone, 2020\n", "below the table"),
        (PLAIN + "\nSource: someone,,\nhttps://x.org\n", "below the table"),
        (PLAIN + "Total,9,11\n", "below the table"),
        (PLAIN.replace("2,3.5", "time,a,b\n2,3.5"), "repeated the header"),
        (PLAIN.replace("\n", ",,,\n"), "empty columns"),
        (PLAIN.replace("\n", ",\n"), "empty column"),
        (PLAIN.replace("a,", "a,,").replace(".5,", ".5,,"), "empty column"),
        (PLAIN.replace("\n", "\r\n"), ""),
        (PLAIN.replace("\n", "\r"), ""),
        (PLAIN.replace("\n", "\r\n", 2), ""),
        (PLAIN.replace("\n", "\n\n"), ""),
        ('"' + PLAIN.replace(",", '","').replace("\n", '"\n"')[:-1], ""),
        (PLAIN.replace(",", "|"), ""),
    ],
)
def test_what_is_no_measurement_is_left_out_and_said(file, text, word):
    panel = read(file(text))
    assert panel.names == ("a", "b")
    assert first(panel) == [[1.5, 2], [2.5, 3], [3.5, 5], [1.5, 1]]
    assert noted(panel, word) if word else True


def test_carriage_returns_keep_empty_first_cells(file):
    assert np.array_equal(
        read(file('a,b\r,"1,5"\r# x\r\r,"2,5"\r3,4\r')).realisations[0],
        [[np.nan, 1.5], [np.nan, 2.5], [3, 4]],
        equal_nan=True,
    )


def test_pairs_above_a_table_of_two_columns(file):
    panel = read(file("station,Foo\nlatitude,12.5\ntime,a\n0,1\n1,3\n2,2\n3,5\n"))
    assert panel.names == ("a",)
    assert noted(panel, "2 lines above the table")


def test_rows_of_names_are_joined(file):
    text = "Price,Close,Close,Close\nTicker,AAPL,MSFT,GOOG\nDate,,,\n"
    panel = read(file(text + DATED.to_csv(header=False)))
    assert panel.names == ("Close/AAPL", "Close/MSFT", "Close/GOOG")
    assert noted(panel, "lines 1, 2 and 3", "names")
    merged = read(file(",A,,B,\ntime,u,v,u,v\n0,1,2,3,4\n1,2,3,4,5\n2,4,5,6,7\n"))
    assert merged.names == ("A/u", "A/v", "B/u", "B/v")


def test_the_user_says_how_many_rows_are_names(file):
    text = "a,b\nmm,s\n1,2\n3,4\n5,7\n"
    assert read(file(text)).names == ("a", "b")
    assert read(file(text), ReadOptions(header_rows=2)).names == ("a/mm", "b/s")
    numbers = "10,20\n1,2\n3,4\n5,7\n"
    assert read(file(numbers)).lengths == (4,)
    assert read(file(numbers), ReadOptions(header_rows=1)).names == ("10", "20")
    assert read(file("0,1\n1,2\n3,4\n"), ReadOptions(header_rows=0)).lengths == (3,)


def test_the_user_says_how_many_lines_to_leave_out(file):
    panel = read(file("x,y,z\n1,2,3\n" + PLAIN), ReadOptions(skip_rows=2))
    assert panel.names == ("a", "b")
    assert panel.lengths == (4,)


def test_a_first_row_of_missing_codes_is_no_row_of_units(file):
    text = "a,b\noff,off\n1,2\n3,4\noff,3\n5,off\n"
    assert read(file(text), ReadOptions(missing="off")).lengths == (5,)
    assert "'off'" in str(refused(file(text)))


def test_measurements_without_names_are_no_header(file):
    assert read(file("2020-01-01,n.d.,5\n2020-01-02,3,6\n2020-01-03,4,8\n"), ReadOptions(missing="n.d.")).lengths == (
        3,
    )
    assert read(file("0,1\n1,0\n0,1\n1,1\n")).lengths == (4,)
    assert read(file('"1,5","2,5"\n"3,5",4\n7,"1,5"\n')).lengths == (3,)
    assert read(file('"1,5","2,5"\n3,4\n7,6\n')).lengths == (3,)


def test_units_in_a_table_with_a_text_column_are_a_question(file):
    path = file("site,a,b\ntext,mm,s\nx,1,2\nx,3,4\nx,2,9\n")
    error = refused(path, panel_column="site")
    assert "line 2" in str(error)
    assert "--header-rows 2" in error.hint
    assert read(path, ReadOptions(panel_column="site/text", header_rows=2)).names == ("a/mm", "b/s")


@pytest.mark.parametrize("row", ["7", "7,8,9", "7,8,9,10"])
def test_the_ragged_row_is_named(file, row):
    rows = [f"{number % 5},{number % 3}" for number in range(300)]
    rows[150] = row
    said = str(refused(file("a,b\n" + "\n".join(rows) + "\n")))
    assert "line 152" in said
    assert "other lines have 2" in said


def test_lines_are_those_of_the_file(file):
    path = file("# one\nTitle\n\ntime,a,b\n0,1,2\n# two\n1,2,3\n\n2,oops,1\n3,2,2\nTotal,5,5\n")
    assert "line 9, column 'a'" in str(refused(path))


def test_a_series_of_hash_marks_is_no_comment(file):
    panel = read(file("id,a\n#1,1\n#1,2\n#2,4\n#2,5\n"), ReadOptions(panel_column="id"))
    assert panel.lengths == (2, 2)


def test_series_named_like_comments_and_totals_stay(file):
    values = [("debt", 5), ("%GDP", 3), ("Total", 8)]
    rows = [f"{name},{step},{value + step % 4}" for name, value in values for step in range(20)]
    panel = read(file("kind,t,v\n" + "\n".join(rows) + "\n"), ReadOptions(panel_column="kind"))
    assert panel.lengths == (20, 20, 20)


# Bytes


def test_the_error_names_the_encoding_option(file):
    path = file("t\u00e4,b\n1,2\n3,4\n".encode("cp1252"))
    error = refused(path)
    assert "line 1" in str(error)
    assert read(path, ReadOptions(encoding="latin-1")).names == ("t\u00e4", "b")
    assert "--encoding latin-1" in error.hint
    with pytest.raises(WrongUsageError, match="'klingon'"):
        read(path, ReadOptions(encoding="klingon"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_the_encoding(file, encoding):
    assert read(file("\u00e4,b\n1,2\n3,4\n".encode(encoding))).names == ("\u00e4", "b")


def test_utf16_without_a_mark(file):
    path = file("a,b\n1,2\n3,4\n".encode("utf-16-le"))
    assert "--encoding utf-16-le" in refused(path).hint
    assert first(read(path, ReadOptions(encoding="utf-16-le"))) == [[1, 2], [3, 4]]


def zipped(content, *names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, lambda text: zipped(text, "x.csv")])
@pytest.mark.parametrize("suffix", [".csv.gz", ".tsv.gz", ".txt.gz", ".csv"])
def test_compressed(file, pack, suffix):
    assert first(read(file(pack(b"a;b\n1;2\n3;4\n"), "data" + suffix))) == [[1, 2], [3, 4]]


def test_an_archive_of_several_tables_is_refused(file):
    assert "zip" in str(refused(file(zipped(b"a,b\n1,2\n", "x.csv", "y.csv"))))


@pytest.mark.parametrize(
    ("head", "cells"), [("a,b", ["n.d.,1", '"0,3",2', '"0,5",3']), ("a b", ["0.6% 1%", "0.3% 2%", "0.1% 3%"])]
)
def test_measurements_are_no_dates_below_remarks(tmp_path, head, cells):
    path = tmp_path / "data.csv"
    path.write_text("\n".join([head, *cells, *cells[1:] * 4]) + "\n")
    panel = read(path, ReadOptions(missing=("n.d.",) if "n.d." in cells[0] else ()))
    assert panel.steps == 3 + 4 * 2


def test_a_sentence_of_as_many_words_as_columns_is_asked_about(file):
    """Where blanks separate cells, nothing else shows whether it is a title or a row of names."""
    path = file("Data from Rome\n7 2 3\n2 3 5\n3 3 1\n4 4 1\n")
    said = str(refused(path))
    assert "line 1 can be a title or the names of 3 columns" in said
    assert "--skip-rows 1" in said
    assert read(path, ReadOptions(skip_rows=1)).names == ("0", "1", "2")
    assert read(path, ReadOptions(header_rows=1, drop=("Data",))).names == ("from", "Rome")
