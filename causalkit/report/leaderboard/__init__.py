"""A leaderboard as static pages: tasks with versions, the results of each, and what is needed to repeat them.

```python
from causalkit.report.leaderboard import publish_leaderboard

publish_leaderboard(["causalkit-compare"], "site")
```

The folder has an ``index.html``, and a page and a JSON file for each version of each task. Results are added to what is
there, so that several comparisons, of several people, make one board.
"""

from __future__ import annotations

from causalkit.report.leaderboard.publishing import Published, publish_leaderboard

__all__ = ["Published", "publish_leaderboard"]
