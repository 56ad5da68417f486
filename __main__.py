"""The command line: ``python -m linmod``."""

from .commands.app import main

if __name__ == "__main__":
    main()
