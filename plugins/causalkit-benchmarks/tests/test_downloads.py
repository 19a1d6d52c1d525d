"""Downloads from a server on localhost: every way in which they go well or fail."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys

import pytest
from causalkit_benchmarks import cache as cache_of
from causalkit_benchmarks import entries, notices, transfer
from causalkit_benchmarks.files import entry, is_here, local_file, local_files

from causalkit.errors import DataError, NotOfferedError, UnknownNameError, WrongUsageError

NAME = "invented/table.csv"


@pytest.fixture
def offer(register, server, cache):
    """Register one file that is offered at the given addresses of the server."""

    def at(*paths, **fields):
        urls = [path if "://" in path else server.url(path) for path in paths]
        return register({"file": NAME, "urls": urls, "bytes": len(server.content), "sha256": server.sha256, **fields})

    return at


def everything_in(folder):
    """The files that a user sees."""
    hidden = {".parts", ".locks", ".notices", ".hashes"}
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and not hidden & set(path.parts))


def test_a_file_is_downloaded_once_and_then_here(offer, server, cache):
    offer("good/table.csv")
    assert not is_here(NAME)
    path = local_file(NAME)
    assert path == cache / NAME
    assert path.read_bytes() == server.content
    assert is_here(NAME)
    assert local_files([NAME, NAME]) == [path, path]
    assert len(server.requests) == 1
    assert everything_in(cache) == ["table.csv"]
    assert list((cache / ".parts").iterdir()) == []


def test_a_file_is_readable_for_others_like_any_file(offer, cache):
    offer("good/table.csv")
    mask = os.umask(0o022)
    os.umask(mask)
    assert local_file(NAME).stat().st_mode & 0o777 == 0o666 & ~mask


def rest_of(request):
    """From which byte on a request wants the file."""
    return int(request.range.removeprefix("bytes=").removesuffix("-"))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("missing/table.csv", "the server answers 404 Not Found"),
        ("wrong/table.csv", "another file: its sha256 is not"),
        ("short/table.csv", "file has 120000 bytes instead of 240000"),
        ("long/table.csv", "file has 240004 bytes instead of 240000"),
        ("http://127.0.0.1:9/table.csv", "refuses the connection"),
        ("http://no.such.host.invalid/table.csv", "is there a network?"),
    ],
)
def test_a_bad_answer_is_one_error_and_leaves_no_file(offer, server, cache, path, said):
    offer(path)
    with pytest.raises(DataError) as caught:
        local_file(NAME)
    text = str(caught.value)
    assert said in text
    assert path in text
    assert f"{len(server.content)} bytes, sha256 {server.sha256}" in text
    assert f"put it at {cache / NAME}" in text
    assert "CAUSALKIT_MIRROR" in text
    assert "\n" not in text
    assert not is_here(NAME)
    assert everything_in(cache) == []


def test_a_server_that_sends_more_than_it_may_is_stopped(offer, server, cache):
    offer("unsized/table.csv", bytes=len(server.content) - 1)
    with pytest.raises(DataError, match="more than the expected 239999 bytes"):
        local_file(NAME)
    assert everything_in(cache) == []


def test_a_transfer_that_breaks_off_continues_by_itself(offer, server):
    server.cut = 100_000
    offer("cut/table.csv")
    assert local_file(NAME).read_bytes() == server.content
    first, second = server.requests
    assert (first.range, first.sent) == ("", 100_000)
    kept = rest_of(second)
    assert 90_000 < kept <= 100_000
    assert second.sent == len(server.content) - kept


def test_a_download_that_was_interrupted_continues_in_the_next_run(offer, server, cache, monkeypatch):
    offer("good/table.csv")
    written = []

    def interrupt(part, data, write=transfer.Part.write):
        write(part, data)
        written.append(part.tell())
        if part.tell() > 100_000:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(transfer.Part, "write", interrupt)
        with pytest.raises(KeyboardInterrupt):
            local_file(NAME)
    assert everything_in(cache) == []
    assert not is_here(NAME)
    assert local_file(NAME).read_bytes() == server.content
    assert rest_of(server.requests[1]) == written[-1]
    assert server.requests[1].sent == len(server.content) - written[-1]


def test_a_server_without_ranges_is_asked_for_everything(offer, server):
    server.cut = 100_000
    offer("norange/table.csv")
    assert local_file(NAME).read_bytes() == server.content
    assert rest_of(server.requests[1]) > 90_000
    assert server.requests[1].sent == len(server.content)


def begin(content):
    """Leave the beginning of a file as an interrupted download does."""
    part = cache_of.part(entry(NAME))
    part.parent.mkdir(parents=True)
    part.write_bytes(content)


def test_a_beginning_of_another_file_is_found_by_the_hash_and_fetched_anew(offer, server):
    offer("good/table.csv")
    begin(b"x" * 1000)
    assert local_file(NAME).read_bytes() == server.content
    assert [one.range for one in server.requests] == ["bytes=1000-", ""]


def test_a_beginning_longer_than_the_file_of_the_server_is_fetched_anew(offer, server):
    offer("good/table.csv", bytes=None)
    begin(b"x" * 240_001)
    assert local_file(NAME).read_bytes() == server.content
    assert [one.range for one in server.requests] == ["bytes=240001-", ""]


def test_an_unverified_download_never_continues(offer, server, monkeypatch):
    server.cut = 100_000
    offer("cut/table.csv", sha256=None, bytes=None)
    monkeypatch.setenv("CAUSALKIT_ALLOW_UNVERIFIED", "1")
    begin(b"x" * 1000)
    assert local_file(NAME).read_bytes() == server.content
    assert [one.range for one in server.requests] == ["", ""]


@pytest.mark.parametrize("length", [240_000, 240_001])
def test_a_beginning_as_long_as_the_file_is_checked_too(offer, server, length):
    offer("good/table.csv")
    begin(b"x" * length)
    assert local_file(NAME).read_bytes() == server.content


def test_a_server_that_stalls_is_given_up_for_the_next(offer, server):
    server.cut = 1000
    offer("stall/table.csv", "good/table.csv")
    assert local_file(NAME).read_bytes() == server.content
    assert [one.path for one in server.requests][-1] == "/good/table.csv"


def test_a_server_that_only_stalls_is_an_error(offer, server):
    server.cut = 1000
    offer("stall/table.csv")
    with pytest.raises(DataError, match="sent nothing for 0.5 s"):
        local_file(NAME)


def test_a_killed_download_leaves_nothing_once_the_file_is_here(offer, server, cache):
    content = offer("good/table.csv")
    script = (
        "import json, os, sys\n"
        "from causalkit_benchmarks import entries, transfer\n"
        "content = json.loads(sys.argv[1])\n"
        "entries.registry = lambda: entries.Registry.of(content)\n"
        "write = transfer.Part.write\n"
        "transfer.Part.write = lambda part, data: os._exit(9) if part.tell() > 100_000 else write(part, data)\n"
        "from causalkit_benchmarks.files import local_file\n"
        f"local_file({NAME!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", script, json.dumps(content)], check=False, timeout=120)
    assert done.returncode == 9
    assert everything_in(cache) == []
    assert local_file(NAME).read_bytes() == server.content
    assert rest_of(server.requests[1]) > 90_000
    assert everything_in(cache) == ["table.csv"]
    assert list((cache / ".parts").iterdir()) == []


def test_two_processes_download_once(offer, server, cache):
    content = offer("good/table.csv")
    server.delay = 0.3
    script = (
        "import json, sys\n"
        "from causalkit_benchmarks import entries\n"
        "content = json.loads(sys.argv[1])\n"
        "entries.registry = lambda: entries.Registry.of(content)\n"
        "from causalkit_benchmarks.files import local_file\n"
        f"print(len(local_file({NAME!r}).read_bytes()))\n"
    )
    command = [sys.executable, "-c", script, json.dumps(content)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0].strip() for process in running] == [str(len(server.content))] * 2
    assert len(server.requests) == 1


def test_mirrors_are_asked_in_turn_before_the_public_address(offer, server, monkeypatch):
    offer("good/public.csv")
    mirrors = [server.url("missing"), server.url("wrong"), server.url("good/mirror/")]
    monkeypatch.setenv("CAUSALKIT_MIRROR", ", ".join(mirrors))
    assert local_file(NAME).read_bytes() == server.content
    assert [one.path for one in server.requests] == [f"/missing/{NAME}", f"/wrong/{NAME}", f"/good/mirror/{NAME}"]


@pytest.mark.parametrize("as_address", [False, True])
def test_a_folder_is_a_mirror_that_is_used_in_place(offer, server, cache, tmp_path, monkeypatch, as_address):
    offer("good/table.csv")
    file = tmp_path / "a mirror" / NAME
    file.parent.mkdir(parents=True)
    file.write_bytes(server.content)
    folder = tmp_path / "a mirror"
    monkeypatch.setenv("CAUSALKIT_MIRROR", folder.as_uri() if as_address else str(folder))
    assert is_here(NAME)
    assert local_file(NAME) == file
    assert server.requests == []
    assert everything_in(cache) == []


def test_a_wrong_file_in_a_folder_is_passed_over_and_left_alone(offer, server, cache, tmp_path, monkeypatch):
    offer("good/table.csv")
    file = tmp_path / "mirror" / NAME
    file.parent.mkdir(parents=True)
    wrong = bytes(reversed(server.content))
    file.write_bytes(wrong)
    monkeypatch.setenv("CAUSALKIT_MIRROR", str(tmp_path / "mirror"))
    with pytest.warns(RuntimeWarning, match="its sha256 is .*skipping"):
        assert local_file(NAME) == cache / NAME
    assert file.read_bytes() == wrong


def test_a_wrong_file_in_the_only_mirror_is_named_in_the_error(offer, tmp_path, monkeypatch):
    offer()
    file = tmp_path / "mirror" / NAME
    file.parent.mkdir(parents=True)
    file.write_text("short")
    monkeypatch.setenv("CAUSALKIT_MIRROR", str(tmp_path / "mirror"))
    with pytest.warns(RuntimeWarning), pytest.raises(NotOfferedError) as caught:
        local_file(NAME)
    assert f"{file} is not the published file: it has 5 bytes instead of 240000" in str(caught.value)
    assert not is_here(NAME)


@pytest.mark.parametrize("given", ["/no/such/folder", "ftp://example.org/data"])
def test_a_mirror_that_makes_no_sense_is_an_error(offer, monkeypatch, given):
    offer("good/table.csv")
    monkeypatch.setenv("CAUSALKIT_MIRROR", given)
    assert not is_here(NAME)
    with pytest.raises(WrongUsageError, match=given):
        local_file(NAME)


def test_a_wrong_file_in_the_cache_is_an_error_and_left_alone(offer, server, cache):
    offer("good/table.csv")
    (cache / NAME).parent.mkdir(parents=True)
    (cache / NAME).write_bytes(server.content[:-1] + b"x")
    with pytest.raises(DataError, match="sha256 is .* instead of .*move it away"):
        local_file(NAME)
    assert (cache / NAME).read_bytes().endswith(b"x")
    assert server.requests == []


def test_a_file_put_into_the_cache_by_hand_is_used(offer, server, cache):
    offer()
    with pytest.raises(NotOfferedError) as caught:
        local_file(NAME)
    assert "no address offers it" in str(caught.value)
    assert str(cache / NAME) in str(caught.value)
    (cache / NAME).parent.mkdir(parents=True)
    (cache / NAME).write_bytes(server.content)
    assert local_file(NAME) == cache / NAME


def test_a_file_that_nobody_vouches_for_needs_consent_and_is_trusted_from_then_on(offer, server, cache, monkeypatch):
    offer("good/table.csv", sha256=None, bytes=None)
    with pytest.raises(NotOfferedError, match="--unverified"):
        local_file(NAME)
    assert server.requests == []
    monkeypatch.setenv("CAUSALKIT_ALLOW_UNVERIFIED", "1")
    path = local_file(NAME)
    assert path.read_bytes() == server.content
    monkeypatch.delenv("CAUSALKIT_ALLOW_UNVERIFIED")
    assert local_file(NAME) == path
    path.unlink()
    server.content = server.content[:-1] + b"x"  # the server has changed its file: the recorded hash finds it
    with pytest.raises(DataError, match="another file"):
        local_file(NAME)
    path.write_bytes(server.content)
    with pytest.raises(DataError, match="is not the published file"):
        local_file(NAME)


def test_an_unverified_file_in_a_mirror_needs_consent_too(offer, server, tmp_path, monkeypatch):
    offer(sha256=None, bytes=None)
    file = tmp_path / "mirror" / NAME
    file.parent.mkdir(parents=True)
    file.write_bytes(b"anything")
    monkeypatch.setenv("CAUSALKIT_MIRROR", str(tmp_path / "mirror"))
    with pytest.raises(NotOfferedError, match="--unverified"):
        local_file(NAME)
    monkeypatch.setenv("CAUSALKIT_ALLOW_UNVERIFIED", "1")
    assert local_file(NAME) == file


def test_a_full_disk_is_one_readable_line(offer, cache, monkeypatch):
    offer("good/table.csv")

    def full(part, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(transfer.Part, "write", full)
    with pytest.raises(DataError, match="no space is left for .*--data-home"):
        local_file(NAME)
    assert everything_in(cache) == []


def test_a_cache_that_cannot_be_made_is_one_readable_line(offer, tmp_path, monkeypatch):
    offer("good/table.csv")
    (tmp_path / "taken").write_text("a file where a folder should be")
    monkeypatch.setenv("CAUSALKIT_CACHE", str(tmp_path / "taken"))
    with pytest.raises(DataError, match="data folder cannot be written: .*taken.*--data-home"):
        local_file(NAME)


def test_a_cache_that_cannot_be_written_serves_what_it_has(offer, server, monkeypatch):
    offer("good/table.csv")
    local_file(NAME)

    def read_only(folder):
        raise DataError(f"{folder} cannot be written")

    monkeypatch.setattr(cache_of, "prepare", read_only)
    assert local_file(NAME).read_bytes() == server.content


@pytest.mark.parametrize("given", ["soon", "0", "-1", "nan"])
def test_a_timeout_that_is_no_number_of_seconds_is_refused(offer, monkeypatch, given):
    offer("good/table.csv")
    monkeypatch.setenv("CAUSALKIT_TIMEOUT", given)
    with pytest.raises(WrongUsageError, match="CAUSALKIT_TIMEOUT"):
        local_file(NAME)


def test_a_server_without_tls_is_one_readable_line(offer, server):
    offer(server.url("good/table.csv").replace("http:", "https:"))
    with pytest.raises(DataError, match="no secure connection"):
        local_file(NAME)


def test_licence_and_citation_are_shown_once_a_cache(offer, cache, capsys, monkeypatch):
    offer("good/table.csv")
    local_file(NAME)
    said = capsys.readouterr().err
    assert "licence: CC0. Made for tests." in said
    assert "Nobody, 2020" in said
    monkeypatch.setattr(notices, "_shown", set())  # as in another process
    local_file(NAME)
    assert capsys.readouterr().err == ""


def test_unknown_files_name_near_ones(offer):
    offer("good/table.csv")
    with pytest.raises(UnknownNameError, match="did you mean invented/table.csv"):
        local_file("invented/tabel.csv")
    assert entries.entry(NAME).citation == "Nobody, 2020"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_progress_and_nothing_else_does(offer, monkeypatch, capsys):
    offer("good/table.csv")
    local_file(NAME)
    assert "table.csv" not in capsys.readouterr().err
    local_file(NAME).unlink()
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    local_file(NAME)
    assert "table.csv" in sys.stderr.getvalue()
