"""What explorations are about: entries of the atlas, evenly taken from all of it."""

from providers.knowledge.atlas.reading import installed, read_book


def topics(number: int) -> tuple[str, ...]:
    """Labels, each of which means one entry; the same ones each time."""
    labels = [entry.label for entry in read_book(installed()).entries]
    return tuple(labels[i * len(labels) // number] for i in range(number))
