"""What can go wrong when an exploration or a picture is asked for.

ExplorationError
├── InvalidRequest (ValueError)      an argument is out of bounds
├── TopicUnknown (LookupError)       no chosen source knows the topic
├── TopicAmbiguous (LookupError)     the topic has several senses; one must be chosen
└── ConceptGone (LookupError)        the concept that a picture was to show was deleted
"""

from collections.abc import Sequence

from providers.knowledge.port import Subject


class ExplorationError(Exception):
    """What was asked for cannot be done as it was asked."""


class InvalidRequest(ExplorationError, ValueError):
    """An argument is out of bounds; the message names it and what is allowed."""

    def __init__(self, argument: str, message: str) -> None:
        super().__init__(f"{argument}: {message}")
        self.argument = argument


class TopicUnknown(ExplorationError, LookupError):
    """No chosen source knows the topic."""

    def __init__(
        self, topic: str, sources: Sequence[str], suggestions: Sequence[str], elsewhere: Sequence[str]
    ) -> None:
        message = f"{_listed(sources)} knows nothing of {topic!r}."
        if elsewhere:
            message += f" But {_listed(elsewhere)} does: name it among the sources."
        if suggestions:
            message += f" The nearest topics are: {', '.join(suggestions)}."
        super().__init__(message)
        self.topic = topic
        self.suggestions = tuple(suggestions)
        self.elsewhere = tuple(elsewhere)


class TopicAmbiguous(ExplorationError, LookupError):
    """The topic has several senses."""

    def __init__(self, topic: str, senses: Sequence[Subject]) -> None:
        super().__init__(f"{topic!r} has {len(senses)} senses; choose one of them.")
        self.topic = topic
        self.senses = tuple(senses)


class ConceptGone(ExplorationError, LookupError):
    """The concept that a picture was to show was deleted meanwhile."""

    def __init__(self) -> None:
        super().__init__("the concept that it was to show was deleted meanwhile")


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"the source {n!r}" for n in names)
