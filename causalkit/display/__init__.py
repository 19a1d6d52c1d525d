"""Results in words: texts, labels and number formats for terminals, notebooks and reports."""
