"""Choose by validation error, never by a truth: splits, rules, and the lag."""
