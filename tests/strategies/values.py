"""What nobody should write as the value of an option, and what somebody will."""

from __future__ import annotations

from hypothesis import strategies as st

NUMBERS = (
    *("0", "-1", "-0", "1", "2", "3.5", "1e3", "1_000", "0x10", "+5", " 7 ", "5%", "1,5", "\u0663", "\u00b2", "--3"),
    *("nan", "NaN", "inf", "-inf", "1e400", "-1e400", "5e-324", "1e-320", "1e308"),
    *("2147483648", "9223372036854775807", "9223372036854775808", "18446744073709551616", "-9223372036854775809"),
    *("9" * 40, "9" * 400, "9" * 5000, "0." + "0" * 5000 + "1", "1e" + "9" * 30),
)
NAMES = (
    *("", " ", "\t", "\n", "a\nb", "\x1b[31mred", "\x00", "\x7f", "\u202e", "\ufeff", "\udce9", "Größe", "\U0001f600"),
    *("'", '"', "''", '"quoted"', "`id`", "$(id)", "$HOME", "; ls", "| cat", "a,b", "a;b", "a b", "=1+1", "-", "--"),
    *("{}", "{0}", "{a.b}", "%s", "%(a)s", "{{7*7}}", "<b>", "&amp;", "\\", "\\d+", "None", "True", "null", "auto"),
    *("a" * 300, "a" * 5000, "a b" * 3000, "é" * 2000, "/".join(["a" * 60] * 40)),
)
PATHS = (
    *(".", "..", "nowhere/file.csv", "nowhere/file.json", "/", "/nowhere/a.csv", "~", "~nobody/a.csv", "file:///a.csv"),
    *("a.csv", "A.CSV", ".csv", "a.", "a.csv.gz", "C:\\a.csv", "con", "a.html", "a.png", "a.json", "a.npz", "a.svg"),
    *("http://localhost:1/a", "/dev/null/a.json", "./data.csv/a.json", "data.csv", "a" * 300 + ".json"),
)
PATTERNS = (
    *("*", "**", "?", "[", "]", "[a", "[!", "[z-a]", "(", ")", "(a", "(?P<x", "a{", "a{9999999}", "+", "^$", "|"),
    *("->", "a->", "->b", "a->b", "a->b->c", "*->*", "a*->b", "x->*", "a->a", "*->x", "<-", "a=>b"),
    *("a*" * 30 + "b", "(a+)+$", "(a|a)*b", "[" * 2000, "(" * 2000, "{" * 2000, "*" * 5000, "->" * 2000),
)
WRITTEN = (
    *("a=1", "a=", "=", "=1", "a==1", "a.b=1", ".=1", "a..b=1", "lag=1", "lag=nan", "lag=" + "9" * 5000, "a=[", "a={"),
    *("a=[[[[[[[[", "a=" + "[" * 3000, "a.b.c.d.e=1", "var[", "var]", "var[]", "var[series", "var[series=]", "var[[]]"),
    *("var[series=-1]", "var[series=nan]", "var[series=inf]", "var[series=" + "9" * 5000 + "]", "var[a=1]", "var[,]"),
    *("top-k", "top-k:", "top-k:0", "top-k:-1", "top-k:" + "9" * 30, "top-k:nan", "fdr:2", "fdr:nan", "fdr:-1", "fdr:"),
    *("threshold:inf", "threshold:nan", "density:5", ":", "::", ":5", "0:", "0:-1", "5:0", "0:2:", "0:2:0", "nan:inf"),
    *(
        "linear",
        "linear:",
        "linear:nan",
        "polynomial:-1",
        "polynomial:99",
        "fourier:0",
        "fourier:nan:5",
        "fourier:5:-1",
    ),
    *("0s", "-5s", "1e9h", "9" * 400 + "h", "1.5.5s", "0G", "-1G", "1e9G", "9" * 19 + "T", "4XB", "nanG", "auto:0"),
    *("auto:" + "9" * 30, "1D", "-1D", "0D", "1Y", "nanD", "9" * 30 + "D", "%Y-%m", "%", "%%%", "%Q", "%Y" * 2000),
    *("auroc>0.5", "auroc@", "auroc@var", "auroc>", "auroc>nan", "auroc>inf", ">0.5", "auroc@var>>1", "10x8", "0x0"),
    *("-1x5", "nanxnan", "1e9x1e9", "x", "10x", "cpu:9", "cuda:99", "cuda:-1", "meta", "utf-7", "idna", "zip", "hex"),
)
EVERY = (*NUMBERS, *NAMES, *PATHS, *PATTERNS, *WRITTEN)


def option_values() -> st.SearchStrategy[str]:
    """Return values that were chosen, numbers of any size, and any text; none with a NUL, which no shell can pass."""
    numbers = st.integers(-(10**30), 10**30).map(str) | st.floats().map(repr)
    parts = st.lists(st.sampled_from(EVERY).map(lambda value: value[:40]), min_size=2, max_size=3).map("".join)
    mixed = st.sampled_from(EVERY) | numbers | st.text(max_size=20) | parts
    return mixed.map(lambda value: value.replace("\0", ""))
