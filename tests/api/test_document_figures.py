"""Figures of parsed documents."""

from graphstore.ids import new_id
from tests.support.api import Api
from tests.support.figures import Moved

LOOKS = ("memory", "document")


async def test_a_document_is_parsed_once(api: Api) -> None:
    """The same words are found from the second time on, whatever their variables; what cannot be parsed never is."""
    document, broken = f"query Q{new_id()[-12:]} {{ server {{ version }} }}", f"{{ {new_id()[-12:]} "
    moved = Moved()
    for number in range(3):
        await api.data(document, unused=number)
    assert (moved("cache_misses_total", *LOOKS), moved("cache_hits_total", *LOOKS)) == (1, 2)
    for _ in range(2):
        await api.post(broken)
    assert (moved("cache_misses_total", *LOOKS), moved("cache_hits_total", *LOOKS)) == (3, 2)
