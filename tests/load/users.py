"""Users who ask over HTTP, as locust has them. Importing this patches the process: only tests.load.attack does."""

import itertools
import random
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from locust import FastHttpUser, between, task
from locust.env import Environment

from tests.load.operations import DETAILS, HEALTH, QUERIES, SEARCH, START, STATUS, Answer, found, started
from tests.load.profiles import PATIENCE_SECONDS


class Stage:
    """What all users of a run share."""

    def __init__(self, servers: Sequence[str], topics: Sequence[str]) -> None:
        self.topics = topics
        self.explorations: deque[str] = deque(maxlen=1_000)
        """Ids of those that were started last."""
        self.concepts: deque[str] = deque(maxlen=1_000)
        """Ids of those that were found last."""
        self._servers: Iterator[str] = itertools.cycle(servers)

    def next_server(self) -> str:
        """Each in its turn."""
        return next(self._servers)

    def topic(self) -> str:
        """Any."""
        return random.choice(self.topics)


class ContinuumUser(FastHttpUser):
    """One who looks around; the weights are the seed's."""

    wait_time = between(1, 3)
    network_timeout = PATIENCE_SECONDS
    connection_timeout = PATIENCE_SECONDS
    stage: ClassVar[Stage]

    def __init__(self, environment: Environment) -> None:
        self.host = self.stage.next_server()
        super().__init__(environment)

    @task(3)
    def health(self) -> None:
        """Whether the server lives."""
        self.client.get("/health", name=HEALTH)

    @task(2)
    def explore(self) -> None:
        """Have one of the topics explored."""
        if value := self._ask(START, topic=self.stage.topic()):
            self.stage.explorations.append(started(value))

    @task(1)
    def status(self) -> None:
        """Look how far an exploration is, be it another user's."""
        if not self.stage.explorations:
            self.explore()
            return
        self._ask(STATUS, id=random.choice(self.stage.explorations))

    @task(1)
    def search(self) -> None:
        """Look for a topic."""
        if value := self._ask(SEARCH, text=self.stage.topic()):
            self.stage.concepts.extend(found(value))

    @task(1)
    def details(self) -> None:
        """Look at a concept that somebody's search has found."""
        if not self.stage.concepts:
            self.search()
            return
        self._ask(DETAILS, id=random.choice(self.stage.concepts))

    def _ask(self, kind: str, **variables: Any) -> Any:
        """The value of the operation's field; empty when it failed, which is reported."""
        body = {"query": QUERIES[kind], "variables": variables}
        with self.client.post("/graphql", name=kind, json=body, catch_response=True) as response:
            if not response.status_code:  # no answer: locust reports what kept it away
                return {}
            answer = Answer.read(kind, response.status_code, response.content or b"")
            if answer.problem:
                response.failure(answer.problem)
        return answer.value
