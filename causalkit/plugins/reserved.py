"""The commands of causalkit itself, with their summaries: no plugin can take these names."""

SUMMARIES = {
    "inspect": "Say what is in a table of measurements before a method learns from it.",
    "discover": "Find the causal graph of a table of measurements.",
    "compare": "Compare methods on data sets over seeds.",
    "evaluate": "Compare a result with a known graph.",
    "pretrain": "Train a forecaster on a source, to go on from it elsewhere.",
    "simulate": "Write a simulated data set and its true graph.",
    "fetch": "Download published data sets.",
    "explain": "Explain an edge of a result in a few sentences.",
    "plot": "Draw a result, or the series of data files.",
    "report": "Write a report about a result or a comparison as one HTML file.",
    "methods": "List methods.",
    "forecasters": "List forecasters.",
    "regularizers": "List regularizers.",
    "datasets": "List data sets.",
    "metrics": "List metrics.",
    "rules": "List selection rules.",
    "show": "Describe a part: parameters, what it goes with, where it is from.",
    "plugins": "List plugins, and what is wrong with broken ones.",
    "check": "Run the contract checks on a plugin.",
    "new-plugin": "Write the skeleton of a plugin.",
}
