"""A full disk, a file that the system refuses, and signals: what is finished is kept, and nothing half is left."""

import errno
import os
import resource
import signal
import subprocess
import sys
import time

import pytest

from causalkit.core import interrupts
from causalkit.core.interrupts import deferred_interrupt, interruptible, redelivered
from causalkit.errors import WriteError
from causalkit.io.atomic import atomic_path

QUICK = ("--method", "var", "--lag", "1")
TRAINED = ("--set", "training.epochs=3", "--lag", "1")
CLI = [sys.executable, "-m", "causalkit"]


def _in_files_of(size: int, *arguments: str, folder) -> subprocess.CompletedProcess[str]:
    """Run a command in which no file may be larger, as on a full disk."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return subprocess.run(
        [*CLI, *arguments], cwd=folder, preexec_fn=limited, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "file"),
    [
        (("discover", "--dataset", "var", *QUICK, "-o", "found.json"), "found.json"),
        (("discover", "--dataset", "var", *QUICK, "-o", "found.npz"), "found.npz"),
        (("discover", "--dataset", "var", *QUICK, "--plot", "graph.png"), "graph.png"),
        (("discover", "--dataset", "var", *QUICK, "--report", "page.html"), "page.html"),
        (("simulate", "var", "-o", "panel.csv"), "panel.csv"),
        pytest.param(
            ("discover", "--dataset", "var", *TRAINED, "--checkpoint", "state.safetensors"),
            "state.safetensors",
            marks=pytest.mark.plugins,
        ),
        pytest.param(
            ("pretrain", "var", *TRAINED, "-o", "weights.safetensors"), "weights.safetensors", marks=pytest.mark.plugins
        ),
    ],
)
def test_a_full_disk_is_named_with_the_file(tmp_path, arguments, file):
    done = _in_files_of(1000, *arguments, folder=tmp_path)
    assert done.returncode == 3
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("causalkit: error")]
    assert f"cannot write {file}: File too large" in line.replace(f"{tmp_path}/", "")
    assert "another folder" in line
    assert os.listdir(tmp_path) == []


def test_edges_are_printed_and_other_files_written_where_one_cannot_be(tmp_path):
    done = _in_files_of(
        20_000, "discover", "--dataset", "var", *QUICK, "-o", "edges.npz", "--plot", "graph.png", folder=tmp_path
    )
    whole = subprocess.run(
        [*CLI, "discover", "--dataset", "var", *QUICK], capture_output=True, text=True, timeout=300, check=True
    )
    assert done.returncode == 3
    assert done.stdout == whole.stdout
    assert "cannot write" in done.stderr
    assert os.listdir(tmp_path) == ["edges.npz"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_what_the_system_refuses_becomes_one_sentence_and_the_old_file_stays(tmp_path, number):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(WriteError, match=os.strerror(number)) as error, atomic_path(path):
        raise OSError(number, os.strerror(number))
    assert str(path) in error.value.message
    assert error.value.hint
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_errors_of_libraries_that_name_the_system_error_in_their_text_only_are_understood(tmp_path):
    with pytest.raises(WriteError, match="No space left"), atomic_path(tmp_path / "file.bin"):
        raise RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")


def test_an_error_about_another_file_stays_what_it_is(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "file.bin"):
        (tmp_path / "missing" / "other").read_text()


def test_a_folder_that_vanishes_is_named(tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()

    def write() -> None:
        with atomic_path(folder / "file.txt") as temporary:
            temporary.unlink()
            folder.rmdir()

    with pytest.raises(WriteError, match="cannot write"):
        write()


WAITING = """
import sys
import causalkit.neural.training.loop as loop

due = loop.is_due
def is_due(state, *arguments):
    if state.epoch == 1:
        print("training", flush=True)
    return due(state, *arguments)
loop.is_due = is_due
from causalkit.cli.main import main
main(sys.argv[1:])
"""


def _stopped(number: signal.Signals, *arguments: str, folder) -> tuple[int, str]:
    """Run a command, send a signal when training begins, and return the exit code and the last line of stderr."""
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout.readline() == "training\n"
    process.send_signal(number)
    _, said = process.communicate(timeout=120)
    return process.returncode, said.splitlines()[-1]


@pytest.mark.plugins
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_keeps_the_state_of_training_and_its_hint_works(tmp_path, number, code):
    run = (
        *("discover", "--dataset", "var", "--lag", "1", "--checkpoint", "state.safetensors", "-q"),
        *("--set", "regularizer.strength=0.1", "--set", "training.epochs=3000"),
    )
    returned, said = _stopped(number, *run, folder=tmp_path)
    assert returned == code
    assert said == "causalkit: error: interrupted; continue with --checkpoint state.safetensors --resume"
    assert os.listdir(tmp_path) == ["state.safetensors"]
    resumed = subprocess.run(
        [*CLI, *run, "--resume", "--time-limit", "1s"], cwd=tmp_path, capture_output=True, timeout=120, check=False
    )
    assert resumed.returncode == 0


@pytest.mark.plugins
def test_a_signal_without_a_checkpoint_promises_nothing(tmp_path):
    run = ("discover", "--dataset", "var", "--lag", "1", "-q", "--set", "training.epochs=3000")
    assert _stopped(signal.SIGTERM, *run, folder=tmp_path) == (143, "causalkit: error: interrupted")
    assert os.listdir(tmp_path) == []


class _CameError(Exception):
    pass


def test_signals_that_a_program_handles_itself_are_held_back_and_then_delivered():
    def handler(number, frame):
        raise _CameError

    previous = signal.signal(signal.SIGTERM, handler)
    seen = []

    def work() -> None:
        with deferred_interrupt(active=True) as interrupt:
            os.kill(os.getpid(), signal.SIGTERM)
            seen.append(interrupt.asked)

    try:
        with pytest.raises(_CameError):
            work()
        assert seen == [signal.SIGTERM]
        assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, previous)


def test_a_handler_that_only_takes_note_does_not_pass_half_a_training_as_whole():
    previous = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        with pytest.raises(KeyboardInterrupt), deferred_interrupt(active=True):
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, previous)


def test_an_error_that_a_library_makes_of_an_interrupt_is_an_interrupt(ctrl_c):
    @interruptible()
    def work():
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            raise ValueError("the file is damaged") from None

    with pytest.raises(KeyboardInterrupt):
        work()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


class Late:
    """Is interrupted where nothing can be raised."""

    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupt_that_is_lost_in_a_finalizer_comes_again(ctrl_c, capfd):
    def work():
        Late()
        time.sleep(60)
        raise AssertionError("the interrupt was lost")

    with redelivered(), pytest.raises(KeyboardInterrupt):
        work()
    assert capfd.readouterr().err == ""


def test_a_second_interrupt_on_the_way_out_leaves_no_handler_behind(monkeypatch, ctrl_c):
    """Found by interrupts at random moments."""

    def blocked(signals):
        calls.append(signals)
        if len(calls) == 2:  # the first call puts handlers in place
            os.kill(os.getpid(), signal.SIGINT)
        return block(signals)

    @interruptible()
    def work():
        os.kill(os.getpid(), signal.SIGINT)

    calls, block = [], interrupts._blocked
    monkeypatch.setattr(interrupts, "_blocked", blocked)
    with pytest.raises(KeyboardInterrupt):
        work()
    assert len(calls) > 2
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_errors_without_an_interrupt_and_what_a_handler_raises_stay_as_they_are(ctrl_c):
    def handler(number, frame):
        raise _CameError

    @interruptible()
    def work(error, signaled):
        if signaled:
            os.kill(os.getpid(), signal.SIGINT)
        raise error

    with pytest.raises(ValueError, match="damaged"):
        work(ValueError("damaged"), False)
    signal.signal(signal.SIGINT, lambda number, frame: None)
    with pytest.raises(ValueError, match="damaged"):
        work(ValueError("damaged"), True)
    signal.signal(signal.SIGINT, handler)
    with pytest.raises(_CameError):
        work(ValueError("damaged"), True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_whose_library_takes_an_interrupt_for_damage_says_interrupted(tmp_path, number, ctrl_c):
    """Found by interrupts at random moments: safetensors called a whole checkpoint damaged."""
    script = (
        "import os, sys, causalkit.api as api; from causalkit.cli.main import main\n"
        "from causalkit.errors import DataError\n"
        "def read(*a, **k):\n"
        "    try: os.kill(os.getpid(), int(sys.argv[1]))\n"
        "    except KeyboardInterrupt: raise DataError('a.csv is damaged', 'delete it') from None\n"
        "api.read = read\n"
        "main(['inspect', 'a.csv'])"
    )
    (tmp_path / "a.csv").write_text("a,b\n" + "1,2\n2,1\n3,3\n" * 9)
    done = subprocess.run(
        [sys.executable, "-c", script, str(int(number))], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 128 + number
    assert done.stderr == "causalkit: error: interrupted\n"


def test_signals_that_come_while_handlers_are_put_back_wait_until_they_are(monkeypatch, ctrl_c):
    """Found by interrupts at random moments: the second one left a handler of the training behind."""

    def handler(number, frame):
        raise _CameError

    previous, put = signal.signal(signal.SIGTERM, handler), signal.signal

    def interrupted(number, what):
        put(number, what)
        if what in (handler, signal.default_int_handler):
            os.kill(os.getpid(), signal.SIGINT)

    try:
        with monkeypatch.context() as patch:
            patch.setattr(signal, "signal", interrupted)
            with pytest.raises(KeyboardInterrupt), deferred_interrupt(active=True):
                os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGTERM) is handler
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        put(signal.SIGTERM, previous)


@pytest.mark.plugins
def test_an_interrupt_while_results_are_written_names_the_checkpoint(tmp_path, monkeypatch, run):
    """Found by interrupts at random moments: the training was done, and the sentence did not say that it is kept."""
    from causalkit.cli import discover

    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    command = ("discover", "--dataset", "var", *TRAINED, "-q", "--checkpoint", "state.safetensors")
    with monkeypatch.context() as patch:
        patch.setattr(discover, "_write", interrupted)
        code, _, said = run(*command)
    assert code == 130
    assert said == "causalkit: error: interrupted; continue with --checkpoint state.safetensors --resume\n"
    assert run(*command, "--resume")[0] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_after_all_is_done_ends_the_process_without_a_word(number, ctrl_c):
    script = "import atexit, os, sys; from causalkit.cli.main import main; sys.argv = ['causalkit', '--version'];"
    script += f"atexit.register(os.kill, os.getpid(), {int(number)}); main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (-number, "")
    assert done.stdout.startswith("causalkit, version")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Unable to allocate 74.5 GiB for an array"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] . DefaultCPUAllocator: can't allocate memory: you tried"),
    ],
)
def test_memory_that_the_system_refuses_is_one_sentence(monkeypatch, run, error):
    from causalkit import api

    def refused(*arguments, **options):
        raise error

    monkeypatch.setattr(api, "discover", refused)
    code, _, said = run("discover", "--dataset", "var", *QUICK, "-q")
    assert code == 3
    assert said.startswith("causalkit: error: out of memory; ")
    assert len(said.splitlines()) == 1
