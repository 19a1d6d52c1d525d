"""What commands of plugins share with causalkit's own: options, their values, and output on terminals.

```python
import click
from causalkit.cli.options import data_options, note, read_data, seed_option, truth_options

@click.command()
@click.argument("data", nargs=-1)
@truth_options(required=False)
@data_options
@seed_option
def describe(data, seed, **options):
    panel, truth = read_data(data, options)
    note(repr(panel))
```

Decorators add options to a click command; `read_data` takes the values of `data_options` and `truth_options`.
"""

from causalkit.cli.console import note, print_json, print_table
from causalkit.cli.options.data import data_home_option, data_options, read_data, read_truth, truth_options
from causalkit.cli.options.knowledge import knowledge_options, known_beforehand, preparation_options
from causalkit.cli.options.method import (
    config_option,
    json_option,
    memory_option,
    method_options,
    pretrain_option,
    quiet_option,
    run_options,
    seed_option,
    select_option,
)
from causalkit.cli.options.types import Duration, LagParam, Size
from causalkit.display.progress import ProgressBar

__all__ = [
    "Duration",
    "LagParam",
    "ProgressBar",
    "Size",
    "config_option",
    "data_home_option",
    "data_options",
    "json_option",
    "knowledge_options",
    "known_beforehand",
    "memory_option",
    "method_options",
    "note",
    "preparation_options",
    "pretrain_option",
    "print_json",
    "print_table",
    "quiet_option",
    "read_data",
    "read_truth",
    "run_options",
    "seed_option",
    "select_option",
    "truth_options",
]
