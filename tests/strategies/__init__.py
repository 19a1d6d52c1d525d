"""Generated input: values of options, and files for every reader, as strategies of hypothesis."""
