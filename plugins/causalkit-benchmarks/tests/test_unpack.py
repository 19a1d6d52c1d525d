"""Archives: what is unpacked, what is refused, and that a folder appears whole or not at all."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile

import pytest
from causalkit_benchmarks import files
from causalkit_benchmarks.unpack import unpack

from causalkit.errors import DataError


def tar(path, *members):
    """Write an archive of (name, content) or of prepared members."""
    with tarfile.open(path, "w:gz") as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                information = tarfile.TarInfo(member[0])
                information.size = len(member[1])
                archive.addfile(information, io.BytesIO(member[1]))
    return path


def special(name, kind, target=""):
    information = tarfile.TarInfo(name)
    information.type = kind
    information.linkname = target
    return information


def zipped(path, *members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def link_in_zip(path):
    information = zipfile.ZipInfo("link")
    information.create_system = 3
    information.external_attr = 0o120777 << 16
    return zipped(path, (information, "/etc/passwd"))


@pytest.mark.parametrize("make", [tar, zipped])
def test_plain_files_and_folders_are_unpacked(tmp_path, make):
    archive = make(tmp_path / "a.bin", ("one.csv", b"1"), ("deep/er/two.csv", b"22"))
    folder = unpack(archive, tmp_path / "out")
    assert (folder / "one.csv").read_bytes() == b"1"
    assert (folder / "deep/er/two.csv").read_bytes() == b"22"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bin", "out"]


BOMB = bytes(5_000_000)
ATTACKS = {
    "absolute path": lambda path: tar(path, ("/tmp/x", b"x")),
    "way up": lambda path: tar(path, ("a/../../x", b"x")),
    "symbolic link": lambda path: tar(path, special("link", tarfile.SYMTYPE, "/etc/passwd")),
    "symbolic link within": lambda path: tar(path, ("a", b"x"), special("link", tarfile.SYMTYPE, "a")),
    "hard link": lambda path: tar(path, ("a", b"x"), special("link", tarfile.LNKTYPE, "a")),
    "write through a link": lambda path: tar(path, special("d", tarfile.SYMTYPE, ".."), ("d/x", b"x")),
    "device": lambda path: tar(path, special("null", tarfile.CHRTYPE)),
    "pipe": lambda path: tar(path, special("pipe", tarfile.FIFOTYPE)),
    "bomb": lambda path: tar(path, ("a", BOMB)),
    "same name twice": lambda path: tar(path, ("a", b"x"), ("a", b"y")),
    "file where a folder is": lambda path: tar(path, ("a/b", b"x"), ("a", b"y")),
    "folder where a file is": lambda path: tar(path, ("a", b"x"), ("a/b", b"y")),
    "zip, absolute path": lambda path: zipped(path, ("/tmp/x", b"x")),
    "zip, way up": lambda path: zipped(path, ("../x", b"x")),
    "zip, backslashes": lambda path: zipped(path, ("..\\x", b"x")),
    "zip, link": link_in_zip,
    "zip, bomb": lambda path: zipped(path, ("a", BOMB)),
    "zip, bomb in parts": lambda path: zipped(path, *((str(number), BOMB[:400_000]) for number in range(4))),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_no_plain_data_is_refused_as_a_whole(tmp_path, attack):
    folder = tmp_path / "inner"
    folder.mkdir()
    archive = ATTACKS[attack](folder / "bad.archive")
    with pytest.raises(DataError, match="is refused because of its member"):
        unpack(archive, folder / "out", largest=1_000_000)
    assert [path.name for path in folder.iterdir()] == ["bad.archive"]
    assert [path.name for path in tmp_path.iterdir()] == ["inner"]


def test_a_damaged_archive_is_one_readable_line(tmp_path):
    for make in (tar, zipped):
        good = make(tmp_path / "good", ("a", bytes(range(256)) * 4000)).read_bytes()
        (tmp_path / "cut").write_bytes(good[:60] + bytes(len(good) - 120) + good[-60:])
        with pytest.raises(DataError, match="damaged|neither"):
            unpack(tmp_path / "cut", tmp_path / "out")
        assert not (tmp_path / "out").exists()


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "text").write_text("hello")
    with pytest.raises(DataError, match="neither a zip nor a tar"):
        unpack(tmp_path / "text", tmp_path / "out")


def test_a_folder_that_another_process_has_made_meanwhile_stays(tmp_path):
    archive = tar(tmp_path / "a.tgz", ("one", b"new"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "one").write_bytes(b"theirs")
    assert unpack(archive, tmp_path / "out") == tmp_path / "out"
    assert (tmp_path / "out" / "one").read_bytes() == b"theirs"


@pytest.fixture
def packed(register, server, cache, tmp_path):
    """Register two members of an archive that the server offers."""
    server.content = tar(tmp_path / "all.tar.gz", ("data/a.csv", b"aaa"), ("data/b.csv", b"bb")).read_bytes()
    archive = {
        "file": "invented/all.tar.gz",
        "urls": [server.url("good/all.tar.gz")],
        "bytes": len(server.content),
        "sha256": server.sha256,
    }
    members = [
        {
            "file": f"invented/{name}.csv",
            "archive": archive["file"],
            "member": f"data/{name}.csv",
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        for name, content in (("a", b"aaa"), ("b", b"bb"))
    ]
    register(archive, *members, {**members[0], "file": "invented/c.csv", "member": "data/c.csv"})
    return server


def test_members_of_an_archive_are_files_like_any_other(packed, cache):
    assert not files.is_here("invented/a.csv")
    assert files.local_file("invented/a.csv").read_bytes() == b"aaa"
    assert files.is_here("invented/b.csv")
    assert files.local_file("invented/b.csv").read_bytes() == b"bb"
    assert len(packed.requests) == 1
    with pytest.raises(DataError, match=r"has no data/c\.csv"):
        files.local_file("invented/c.csv")


def test_a_member_that_was_changed_after_unpacking_is_found(packed):
    path = files.local_file("invented/a.csv")
    path.write_bytes(b"xxx")
    with pytest.raises(DataError, match=r"is not the published file.*unpacked again"):
        files.local_file("invented/a.csv")


def test_a_member_that_lies_in_a_mirror_by_itself_needs_no_archive(packed, tmp_path, monkeypatch):
    file = tmp_path / "mirror" / "invented" / "a.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"aaa")
    monkeypatch.setenv("CAUSALKIT_MIRROR", str(tmp_path / "mirror"))
    assert files.local_file("invented/a.csv") == file
    assert packed.requests == []


def test_a_folder_that_cannot_be_written_and_a_missing_archive_are_one_sentence(tmp_path):
    archive, blocked = tmp_path / "a.zip", tmp_path / "blocked"
    blocked.write_text("a file")
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("a.txt", "x")
    with pytest.raises(DataError, match=r"cannot be unpacked into"):
        unpack(archive, blocked / "folder")
    with pytest.raises(DataError, match=r"none\.zip cannot be unpacked into"):
        unpack(tmp_path / "none.zip", tmp_path / "folder")
