"""Who is told of an alert, and of which nobody is told since another tells it already."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.alert_rules import alerts
from tests.support.alerting import ALERTMANAGER, LOG, PAGERDUTY, SLACK, receivers, write_alertmanager
from tests.support.exploring import until
from tests.support.prometheus import Alertmanager, alertmanager, tool

SHIPPED = ALERTMANAGER.read_text()
ROUTES = {
    ("severity=critical", "alertname=ContinuumDown", "job=continuum-api"): "pagerduty,slack",
    ("severity=warning", "alertname=HighErrorRate"): "slack",
    ("severity=info", "alertname=VersionsDiffer"): "log",
    ("severity=unheard-of", "alertname=Other"): "slack",
    ("alertname=Other",): "slack",
}
"""Labels, and who is told."""
OTHER_ROUTES = (
    ("  receiver: slack\n", "  receiver: log\n"),
    ("    - receiver: pagerduty\n", "    - receiver: log\n"),
    ('matchers: [severity="critical"]', 'matchers: [severity="warning"]'),
    ("      continue: true\n", ""),
    ('severity=~"critical|warning"', 'severity="warning"'),
    ("    - receiver: log\n", "    - receiver: slack\n"),
    ('matchers: [severity="info"]', 'matchers: [severity="debug"]'),
)
"""What could be wrong with the routes: a text of the file, and another in its place."""
CANARY = """
  - source_matchers: [alertname="CanarySource"]
    target_matchers: [alertname="CanaryTarget"]
    equal: [number]
"""
"""Alerts are heard of one after the other: when this rule holds, the ones before are known."""


@dataclass(frozen=True, slots=True)
class Case:
    """Two alerts, as `label=value` pairs, and whether the second is silent because of the first."""

    first: str
    second: str
    silent: bool


def _those(first: str, *names: str, silent: bool = True) -> tuple[Case, ...]:
    return tuple(Case(first, f"alertname={name} severity=warning", silent) for name in names)


API = "job=continuum-api instance=a:8000"
DOWN = f"alertname=ContinuumDown severity=critical {API}"
WORKER_DOWN = "alertname=ContinuumDown severity=critical job=continuum-worker instance=w:8001"
LOOPING = "alertname=PodCrashLooping severity=critical namespace=continuum pod=api-1"
STORE_DOWN = "alertname=Neo4jDown severity=critical"
REDIS_DOWN = "alertname=RedisDown severity=critical"
PROVIDER = "alertname=ProviderErrors severity=warning provider=openai"
CASES = (
    Case(DOWN, f"alertname=EventLoopLag severity=warning {API}", silent=True),
    Case(DOWN, f"alertname=Any severity=info {API}", silent=True),
    Case(DOWN, f"alertname=Any severity=critical {API}", silent=False),
    Case(DOWN, "alertname=EventLoopLag severity=warning job=continuum-api instance=b:8000", silent=False),
    Case(DOWN, "alertname=EventLoopLag severity=warning job=other instance=a:8000", silent=False),
    *_those(DOWN, "HighErrorRate", "QueueStalled", silent=False),
    *_those(WORKER_DOWN, "QueueStalled"),
    *_those(WORKER_DOWN, "HighErrorRate", silent=False),
    Case(LOOPING, f"{DOWN} namespace=continuum pod=api-1", silent=True),
    Case(LOOPING, f"{DOWN} namespace=continuum pod=api-2", silent=False),
    Case(LOOPING, f"{DOWN} namespace=staging pod=api-1", silent=False),
    Case(LOOPING, "alertname=MemoryHigh severity=warning namespace=continuum pod=api-1", silent=False),
    *_those("alertname=WorkersMissing severity=critical", "QueueStalled"),
    *_those("alertname=WorkersMissing severity=critical", "HighErrorRate", silent=False),
    *_those(STORE_DOWN, "HighErrorRate", "GraphQLErrorsHigh", "HighResponseTime", "SlowQueries", "StoreErrors"),
    *_those(STORE_DOWN, "DatabaseConnectionsHigh", "ConnectionPoolExhausted", "QueueStalled", "ExplorationsFailing"),
    *_those(STORE_DOWN, "LeasesLost", "UnexpectedErrors"),
    *_those(STORE_DOWN, "RedisMemoryHigh", "DiskFilling", "BudgetSpendHigh", silent=False),
    Case(STORE_DOWN, REDIS_DOWN, silent=False),
    *_those(REDIS_DOWN, "QueueStalled", "LeasesLost", "CacheMissRateHigh", "UnexpectedErrors"),
    *_those(REDIS_DOWN, "RedisMemoryHigh", "HighErrorRate", silent=False),
    *_those(PROVIDER, "ProviderFallbacks", silent=False),
    Case(PROVIDER, "alertname=ProviderFallbacks severity=warning provider=openai", silent=True),
)


def rules() -> list[str]:
    """The rules of inhibition, each as it stands in the file."""
    block = SHIPPED.split("inhibit_rules:\n")[1].split("\nreceivers:")[0]
    return re.findall(r"^  - source_matchers.*\n(?:    .*\n?)*", block, re.MULTILINE)


def changes() -> list[tuple[str, str]]:
    """Each rule left out, with one name fewer, or with less that has to be equal."""
    found = [(rule, "") for rule in rules()]
    for rule in rules():
        for listed in re.findall(r'=~"([A-Z][^"]*)"', rule):
            names = listed.split("|")
            found += [(rule, rule.replace(listed, "|".join(n for n in names if n != name))) for name in names]
        if equal := re.search(r"equal: \[(.*)\]", rule):
            found += [(rule, rule.replace(equal[1], label)) for label in equal[1].split(", ")[:-1]]
            found += [(rule, rule.replace(equal[0], f"equal: [{equal[1].split(', ')[-1]}]"))] if "," in equal[1] else []
            found.append((rule, rule.replace(f"    {equal[0]}\n", "")))
    return [(old, new) for old, new in found if old != new]


def labelled(pairs: str, number: int) -> dict[str, str]:
    """The labels of an alert of one case."""
    return {**dict(pair.split("=") for pair in pairs.split()), "case": str(number)}


async def wrong(running: Alertmanager, cases: Sequence[Case]) -> list[Case]:
    """Those that do not hold."""
    return [case for number, case in enumerate(cases) if await _is_silent(running, case, number) is not case.silent]


async def _is_silent(running: Alertmanager, case: Case, number: int) -> bool:
    pair = [labelled(case.first, number), labelled(case.second, number)]
    canary = [{"alertname": f"Canary{what}", "number": str(number)} for what in ("Source", "Target")]
    await running.tell(*pair, *canary)

    async def known() -> bool:
        return bool(await _inhibited(running, canary[1]))

    await until(known)
    silent = await _inhibited(running, pair[1])
    await running.tell(*pair, *canary, over=True)
    return bool(silent)


async def _inhibited(running: Alertmanager, labels: dict[str, str]) -> list[str]:
    found = [alert["status"]["inhibitedBy"] for alert in await running.alerts() if alert["labels"] == labels]
    return found[0] if found else []


def misrouted(folder: Path, text: str) -> list[object]:
    """Labels whose receivers are others than they should be."""
    file = folder / "alertmanager.yml"
    file.write_text(text)
    command = ("amtool", "config", "routes", "test", f"--config.file={file}")
    return [
        labels for labels, who in ROUTES.items() if tool(*command, f"--verify.receivers={who}", *labels).returncode != 0
    ]


def test_the_configuration_is_sound() -> None:
    """Amtool takes it, with its templates."""
    checked = tool("amtool", "check-config", ALERTMANAGER)
    assert checked.returncode == 0, checked.stdout
    assert "1 templates" in checked.stdout


def test_each_severity_has_its_receiver(tmp_path: Path) -> None:
    """Critical alerts wake somebody and are posted, warnings are posted, the rest is logged; none is lost."""
    assert misrouted(tmp_path, SHIPPED) == []


@pytest.mark.parametrize(("text", "other"), OTHER_ROUTES)
def test_another_route_is_noticed(text: str, other: str, tmp_path: Path) -> None:
    """Each change of a route sends some alert to somebody else, and the cases above see it."""
    assert text in SHIPPED
    assert misrouted(tmp_path, SHIPPED.replace(text, other, 1))


def test_no_secret_and_no_address_of_anybody_stands_in_it() -> None:
    """Secrets are read from files; the only address is that of the log beside it."""
    assert re.findall(r"url: (\S+)", SHIPPED) == [f"http://alert-log:9880{LOG}"]
    assert not re.search(r"^\s*-?\s*(?:api_url|routing_key|service_key|password|credentials):", SHIPPED, re.MULTILINE)


def test_only_alerts_that_there_are_are_named() -> None:
    """A name in a rule of inhibition is that of an alert."""
    listed = re.findall(r'alertname=~?"([^"]+)"', SHIPPED)
    assert {name for names in listed for name in names.split("|")} <= {alert.name for alert in alerts()}


@pytest.mark.system
async def test_what_follows_from_an_alert_is_silent(tmp_path: Path) -> None:
    """A cause silences what it leads to, of the same process or pod, and nothing else."""
    async with alertmanager(_alone(tmp_path, SHIPPED)) as running:
        assert await wrong(running, CASES) == []


@pytest.mark.system
async def test_another_inhibition_is_noticed(tmp_path: Path) -> None:
    """A rule that is left out, names an alert less or asks for less to be equal breaks a case above."""
    unnoticed = []
    async with alertmanager(_alone(tmp_path, SHIPPED)) as running:
        assert await wrong(running, CASES) == []
        for old, new in changes():
            assert SHIPPED.count(old) == 1
            _alone(tmp_path, SHIPPED.replace(old, new))
            await running.reload()
            if not await wrong(running, CASES):
                unnoticed.append((old, new))
        _alone(tmp_path, SHIPPED)
        await running.reload()
        assert await wrong(running, CASES) == []
    assert unnoticed == []


@pytest.mark.system
async def test_receivers_get_what_they_understand(tmp_path: Path) -> None:
    """Slack gets an attachment, PagerDuty an event of its second API, and the log all there is, as JSON."""
    async with receivers() as fake, alertmanager(write_alertmanager(tmp_path, SHIPPED, fake.address)) as running:
        await running.tell(
            {"alertname": "HighErrorRate", "severity": "warning"}, {"alertname": "VersionsDiffer", "severity": "info"}
        )

        async def told() -> bool:
            return {asked.path for asked in fake.asked} == {SLACK, LOG}

        await until(told)
        sent = {asked.path: asked.body for asked in fake.asked}
    assert PAGERDUTY not in sent
    (attachment,) = sent[SLACK]["attachments"]
    assert attachment["title"] == "HighErrorRate"
    assert attachment["color"] == "warning"
    assert [alert["labels"]["alertname"] for alert in sent[LOG]["alerts"]] == ["VersionsDiffer"]


def _alone(folder: Path, text: str) -> Path:
    """The configuration with the canary, and so patient that nobody is told."""
    text = text.replace("inhibit_rules:", f"inhibit_rules:{CANARY.rstrip()}")
    return write_alertmanager(folder, text, "http://127.0.0.1:9", wait="1h")
