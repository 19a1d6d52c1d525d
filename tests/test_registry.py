"""Plugins are found, broken ones are isolated and named, and names resolve; with fake installed distributions."""

from __future__ import annotations

import json
import warnings
from importlib.metadata import EntryPoint

import pytest

from causalkit.errors import ConflictError, PluginError, UnknownNameError
from causalkit.plugins.records import Method, Metric
from causalkit.plugins.registry import PluginWarning, Registry
from tests.plugins_for_tests.installing import command, installed, points_of

pytestmark = pytest.mark.installed

# Folder of each broken plugin -> what a user must read about it.
BROKEN = {
    "import-error": "ModuleNotFoundError: No module named 'a_library_that_nobody_has'",
    "exits": "SystemExit: 0",
    "wrong-hook": "there is no hook 'causalkit_method'; did you mean causalkit_methods",
    "wrong-argument": "configuration",
    "raises-midway": "in causalkit_methods: RuntimeError: the second record cannot be made",
    "no-record": "in causalkit_methods: yields {'name': 'dictionary'}, not a Method",
    "not-a-list": "in causalkit_methods: TypeError: 'Method' object is not iterable",
    "bad-name": "Method name 'My Method' is not allowed",
}


def plugin(registry: Registry, name: str):
    return next(plugin for plugin in registry.plugins if plugin.name == name)


def names(registry: Registry, kind: type) -> list[str]:
    return [provided.record.name for provided in registry.all(kind)]


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_recorded_and_the_rest_works(case):
    with installed(case, "healthy", warns=case) as registry:
        broken = plugin(registry, case)
        assert broken.status == "broken"
        assert BROKEN[case] in broken.error
        assert "\n" not in broken.error
        assert (broken.distribution, broken.version) == (f"fake-{case}", "1.0")
        assert plugin(registry, "healthy").status == "active"
        assert {"constant", "var"} <= set(names(registry, Method))


@pytest.mark.parametrize("case", ["raises-midway", "no-record", "twice-broken", "wrong-hook"])
def test_a_broken_plugin_is_warned_about_once(case):
    with warnings.catch_warnings(record=True) as seen, installed(case) as registry:
        warnings.simplefilter("always")
        assert plugin(registry, case).status == "broken"
        assert plugin(registry, case).status == "broken"
        with pytest.raises(UnknownNameError):
            registry.get(Method, "nothing")
    assert len([warning for warning in seen if warning.category is PluginWarning]) == 1


def test_the_first_fault_of_a_plugin_is_the_one_that_is_kept():
    with installed("twice-broken", warns="twice-broken") as registry:
        assert "first fault" in plugin(registry, "twice-broken").error


@pytest.mark.filterwarnings("ignore::causalkit.plugins.registry.PluginWarning")
def test_records_from_before_and_between_faults_survive():
    with installed("raises-midway", "no-record", beside=(), warns="raises-midway") as registry:
        assert names(registry, Method) == ["found", "survivor"]
        assert names(registry, Metric) == []


def test_hooks_are_listed_for_active_plugins():
    with installed("healthy", beside=()) as registry:
        assert plugin(registry, "healthy").hooks == ("causalkit_methods", "causalkit_metrics")


class TestNames:
    def test_an_alias_and_a_qualified_name_resolve_to_the_record(self):
        with installed("healthy") as registry:
            for name in ("constant", "flat", "constant@fake-healthy", "flat@fake-healthy"):
                assert registry.get(Method, name).record.name == "constant"

    def test_a_near_miss_is_answered_with_the_name(self):
        with installed("healthy") as registry, pytest.raises(UnknownNameError) as caught:
            registry.get(Method, "constnt")
        assert str(caught.value) == "no method is called 'constnt'; did you mean constant?"
        assert caught.value.exit_code == 2

    def test_an_alias_is_suggested_too(self):
        with installed("healthy") as registry, pytest.raises(UnknownNameError, match="did you mean flat"):
            registry.get(Method, "flatt")

    def test_names_of_another_kind_do_not_count(self):
        with installed("healthy") as registry, pytest.raises(UnknownNameError):
            registry.get(Metric, "constant")

    def test_broken_plugins_are_named_where_a_name_is_unknown(self):
        with installed("import-error", warns="import-error") as registry, pytest.raises(UnknownNameError) as caught:
            registry.get(Method, "varr")
        assert "did you mean var? Broken plugins may have provided it: import-error@fake-import-error (" in str(
            caught.value
        )
        assert "a_library_that_nobody_has" in str(caught.value)

    def test_an_unknown_distribution_is_answered_with_those_that_have_the_name(self):
        with installed("twin-one") as registry, pytest.raises(UnknownNameError, match="twin@fake-twin-one"):
            registry.get(Method, "twin@fake-twin-two")


class TestConflicts:
    def test_two_plugins_with_one_name_are_an_error_only_when_it_is_asked_for(self):
        with warnings.catch_warnings(), installed("twin-one", "twin-two", "healthy") as registry:
            warnings.simplefilter("error")
            assert names(registry, Method).count("twin") == 2
            assert registry.get(Method, "constant").plugin.name == "healthy"
            with pytest.raises(ConflictError) as caught:
                registry.get(Method, "twin")
        message = str(caught.value)
        assert "fake-twin-one 1.0" in message
        assert "fake-twin-two 1.0" in message
        assert "twin@fake-twin-one, twin@fake-twin-two" in message

    def test_a_qualified_name_is_the_way_out(self):
        with installed("twin-one", "twin-two") as registry:
            assert registry.get(Method, "twin@fake-twin-two").record.summary == "From twin two"
            assert registry.get(Method, "sibling@fake-twin-one").record.summary == "From twin one"

    def test_disabling_one_of_them_is_another(self, monkeypatch):
        monkeypatch.setenv("CAUSALKIT_DISABLE_PLUGINS", "twin-two")
        with installed("twin-one", "twin-two") as registry:
            assert registry.get(Method, "twin").record.summary == "From twin one"

    def test_a_shared_alias_conflicts_as_well(self):
        with installed("twin-one", "twin-two") as registry, pytest.raises(ConflictError):
            registry.get(Method, "sibling")

    def test_one_plugin_with_a_name_twice_is_told_apart_from_two_plugins(self):
        with installed("repeats-itself") as registry, pytest.raises(ConflictError) as caught:
            registry.get(Method, "echo")
        assert "that plugin names it twice" in str(caught.value)
        assert "choose one" not in str(caught.value)


class TestEnvironment:
    @pytest.mark.parametrize("name", ["healthy", "fake-healthy", "healthy@fake-healthy"])
    def test_a_disabled_plugin_is_not_imported(self, name, monkeypatch):
        monkeypatch.setenv("CAUSALKIT_DISABLE_PLUGINS", f"somebody-else, {name} ,")
        with installed("healthy") as registry:
            assert plugin(registry, "healthy").status == "disabled"
            assert "constant" not in names(registry, Method)
            assert "var" in names(registry, Method)

    def test_a_disabled_plugin_cannot_break_anything(self, monkeypatch):
        monkeypatch.setenv("CAUSALKIT_DISABLE_PLUGINS", "exits")
        with warnings.catch_warnings(), installed("exits") as registry:
            warnings.simplefilter("error")
            assert plugin(registry, "exits").error == ""

    @pytest.mark.parametrize("case", ["import-error", "exits", "wrong-hook", "raises-midway", "no-record", "bad-name"])
    def test_strict_raises_at_a_broken_plugin_and_names_it(self, case):
        with (
            pytest.raises(PluginError, match=f"{case}@fake-{case} is broken"),
            installed(case, strict=True) as registry,
        ):
            registry.all(Method)

    def test_strict_accepts_plugins_that_work(self):
        with installed("healthy", strict=True) as registry:
            assert plugin(registry, "healthy").status == "active"


def test_a_star_leaves_out_all_plugins_but_the_built_ins():
    registry = Registry(disabled=["*"])
    assert {one.distribution for one in registry.plugins if one.status != "disabled"} == {"causalkit"}


def test_the_built_ins_can_be_disabled_like_any_plugin():
    with installed() as registry:
        without = Registry(disabled=["builtin"])
        assert "var" in names(registry, Method)
        assert "var" not in names(without, Method)


def test_an_entry_point_without_a_distribution_still_has_a_name():
    point = EntryPoint(name="stray", value="nowhere_at_all", group="causalkit")
    with pytest.warns(PluginWarning, match="stray@unknown"):
        assert Registry(points=[point]).plugins[0].status == "broken"


class TestCommandLine:
    """The same through the real command in a process of its own."""

    def test_every_broken_plugin_is_reported_once_and_methods_are_listed(self):
        done = command("methods", cases=[*BROKEN, "healthy"])
        assert done.returncode == 0
        assert "constant" in done.stdout
        assert "var" in done.stdout
        for case in BROKEN:
            assert done.stderr.count(f"plugin {case}@fake-{case} is broken") == 1
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("case", ["import-error", "exits", "wrong-hook", "raises-midway"])
    def test_each_alone_leaves_the_command_working(self, case):
        done = command("methods", "--json", cases=[case])
        assert done.returncode == 0
        assert "var" in [method["name"] for method in json.loads(done.stdout)]
        assert done.stderr.startswith(f"causalkit: warning: plugin {case}@fake-{case} is broken")
        assert len(done.stderr.splitlines()) == 1

    def test_plugins_lists_what_is_wrong(self):
        done = command("plugins", "--json", cases=["exits", "healthy", "raises-midway"])
        listed = {plugin["name"]: plugin for plugin in json.loads(done.stdout)}
        assert done.returncode == 0
        assert {name: listed[name]["status"] for name in ("builtin", "exits", "healthy", "raises-midway")} == {
            "builtin": "active",
            "exits": "broken",
            "healthy": "active",
            "raises-midway": "broken",
        }
        assert listed["exits"]["error"] == "SystemExit: 0"

    def test_strict_ends_with_one_line_and_exit_code_3_even_where_a_plugin_exits_with_0(self):
        done = command("methods", cases=["exits"], CAUSALKIT_STRICT="1")
        assert done.returncode == 3
        assert done.stdout == ""
        assert done.stderr.startswith("causalkit: error: plugin exits@fake-exits is broken: SystemExit: 0")
        assert len(done.stderr.splitlines()) == 1

    def test_disabled_plugins_are_silent(self):
        done = command("methods", cases=["exits"], CAUSALKIT_DISABLE_PLUGINS="exits")
        assert (done.returncode, done.stderr) == (0, "")


def test_the_fakes_are_seen_as_pip_would_install_them():
    (point,) = points_of("healthy")
    assert point.dist is not None
    assert (point.name, point.dist.name, point.dist.version) == ("healthy", "fake-healthy", "1.0")
