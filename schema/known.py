"""The operations that metrics and traces call by name: those of the explorer page (`web/explorer/api/documents`).

An operator adds others by KNOWN_OPERATIONS. Names are the client's words, so no other gets into a label.
"""

from typing import Final

EXPLORER: Final = frozenset(
    {
        "Around",
        "Cancel",
        "Concept",
        "DeleteImage",
        "Exploration",
        "Explorations",
        "Extend",
        "Find",
        "Images",
        "Members",
        "Paint",
        "Painters",
        "Painting",
        "Pause",
        "Resume",
        "Sources",
        "Start",
        "Watch",
        "Way",
    }
)
ANONYMOUS: Final = "anonymous"
OTHER: Final = "other"
