"""`python -m continuum`: the command line."""

from continuum.cli import main

if __name__ == "__main__":
    main()
