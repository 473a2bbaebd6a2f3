"""`python -m providers.knowledge.atlas`: checks the whole atlas and prints what is wrong with it."""

import sys

from providers.knowledge.atlas.checks import problems
from providers.knowledge.atlas.reading import installed, read_book


def main() -> int:
    """The exit code: 0 when nothing is wrong."""
    book = read_book(installed())
    wrong = sorted(problems(book))
    relations = sum(len(entry.statements) for entry in book.entries)
    sys.stdout.writelines(f"{problem}\n" for problem in wrong)
    sys.stdout.write(f"{len(book.entries)} concepts, {relations} relations, {len(wrong)} problems\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
