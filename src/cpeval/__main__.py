"""``python -m cpeval`` is ``cpeval``."""

from cpeval.cli import main

if __name__ == "__main__":
    main()
