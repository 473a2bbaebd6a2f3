"""What can be chosen by name: each is imported and made only when it is first asked for."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from importlib import import_module
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, runtime_checkable

T = TypeVar("T")

Builder: TypeAlias = Callable[[], T]


class UnknownNameError(LookupError):
    """Nothing has this name."""

    def __init__(self, what: str, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"there is no {what} {name!r}; there are: {', '.join(sorted(known))}")
        self.what = what
        self.name = name
        self.known = known


@runtime_checkable
class _Closable(Protocol):
    async def close(self) -> None: ...


class Registry(Generic[T]):
    """Things of one kind, by name. Each is made once; two names never share one."""

    def __init__(self, what: str, port: type[Any], builders: Mapping[str, Builder[T]]) -> None:
        """`what` they are called in messages; `port` is the protocol that each of them must keep."""
        self._what = what
        self._port = port
        self._builders = dict(builders)
        self._made: dict[str, T] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, in the order in which they were given."""
        return tuple(self._builders)

    @property
    def made(self) -> tuple[T, ...]:
        """Those that were asked for so far."""
        return tuple(self._made.values())

    def check(self, name: str) -> None:
        """Raises `UnknownNameError` when there is none of that name; makes none."""
        if name not in self._builders:
            raise UnknownNameError(self._what, name, self.names)

    def named(self, name: str) -> T:
        """The one of that name, the same at each call. Raises `UnknownNameError`, and `TypeError` for one that lacks
        what its port asks for."""
        self.check(name)
        if name not in self._made:
            self._made[name] = self._checked(name, self._builders[name]())
        return self._made[name]

    async def close(self) -> None:
        """Close the connections of those that have any."""
        async with AsyncExitStack() as stack:
            for one in self.made:
                if isinstance(one, _Closable):
                    stack.push_async_callback(one.close)

    def _checked(self, name: str, made: T) -> T:
        wanted = {part for kind in self._port.__mro__ for part in (*vars(kind), *getattr(kind, "__annotations__", ()))}
        lacking = sorted(part for part in wanted if not part.startswith("_") and not hasattr(made, part))
        if lacking:
            raise TypeError(f"the {self._what} {name!r} lacks {', '.join(lacking)}")
        return made


def importing(path: str, *arguments: Any) -> Builder[Any]:
    """Makes what `module:attribute` gives when it is called with these arguments, importing it then."""

    def build() -> Any:
        module, attribute = path.split(":")
        return getattr(import_module(module), attribute)(*arguments)

    return build
