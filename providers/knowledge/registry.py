"""Which knowledge sources there are: each is imported and made only when it is first asked for."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TypeAlias

from providers.knowledge.errors import UnknownSourceError
from providers.knowledge.port import KnowledgeSource

Builder: TypeAlias = Callable[[], KnowledgeSource]

SHIPPED: Mapping[str, str] = {
    "atlas": "providers.knowledge.atlas.source:AtlasSource",
}
"""Name to `module:attribute`; the attribute makes the source when it is called without arguments."""


class SourceRegistry:
    """The sources by name. Each is made once; two names never share one."""

    def __init__(self, shipped: Mapping[str, str] = SHIPPED) -> None:
        self._builders: dict[str, Builder] = {name: _importing(path) for name, path in shipped.items()}
        self._made: dict[str, KnowledgeSource] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, in the order in which they were named."""
        return tuple(self._builders)

    def source(self, name: str) -> KnowledgeSource:
        """The source of that name, the same at each call. Raises `UnknownSourceError`."""
        if name not in self._builders:
            raise UnknownSourceError(name, self._builders)
        if name not in self._made:
            self._made[name] = self._builders[name]()
        return self._made[name]


def _importing(path: str) -> Builder:
    def build() -> KnowledgeSource:
        module, attribute = path.split(":")
        source: KnowledgeSource = getattr(import_module(module), attribute)()
        return source

    return build
