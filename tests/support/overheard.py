"""A Neo4j driver that notes every statement it is given to run."""

from types import TracebackType
from typing import Any, Self


class OverheardDriver:
    """A `neo4j.AsyncDriver` that passes everything on and keeps the texts of the statements in `statements`."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self.statements: set[str] = set()

    def session(self, **config: Any) -> Any:
        """A session of which each statement is noted."""
        return _Overheard(self._driver.session(**config), self.statements)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)


class _Overheard:
    """A session or a transaction."""

    def __init__(self, runner: Any, statements: set[str]) -> None:
        self._runner = runner
        self._statements = statements

    async def run(self, query: Any, *args: Any, **parameters: Any) -> Any:
        self._statements.add(str(getattr(query, "text", query)))
        return await self._runner.run(query, *args, **parameters)

    async def begin_transaction(self, **config: Any) -> Any:
        return _Overheard(await self._runner.begin_transaction(**config), self._statements)

    async def __aenter__(self) -> Self:
        await self._runner.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.__aexit__(kind, error, trace)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runner, name)
