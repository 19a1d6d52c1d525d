"""``python -m causalkit``."""

from causalkit.cli.main import main

if __name__ == "__main__":
    main()
