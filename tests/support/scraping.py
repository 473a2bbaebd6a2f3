"""What a process of ours tells Prometheus, as Prometheus reads it."""

from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession
from aiohttp.test_utils import TestClient
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True)
class Scrape:
    """One answer of `/metrics`."""

    text: str

    @property
    def families(self) -> dict[str, Metric]:
        """By name."""
        return {family.name: family for family in text_string_to_metric_families(self.text)}

    def of(self, name: str) -> dict[tuple[str, ...], float]:
        """The samples of this name, by the values of their labels; nothing where there are none."""
        samples = [sample for family in self.families.values() for sample in family.samples]
        return {tuple(sample.labels.values()): sample.value for sample in samples if sample.name == name}


async def scraped(client: "ClientSession | TestClient[Any, Any]", address: str = "") -> Scrape:
    """Scrape it once."""
    async with client.get(f"{address}/metrics") as response:
        assert response.status == 200, response.status
        return Scrape(await response.text())
