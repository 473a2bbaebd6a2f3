"""The questions to Prometheus in docs/models.md: each gives the figure that the text promises."""

import json
import re
from pathlib import Path

import telemetry.metrics.graph
import telemetry.metrics.work  # noqa: F401 - these imports are what registers the metrics
from tests.support.figures import names
from tests.support.prometheus import ROOT, tool

TEXT = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
MINUTES = 1_440
A_MINUTE = {
    'answers_total{source="openai",outcome="known"}': 6,
    'answers_total{source="openai",outcome="repaired"}': 2,
    'answers_total{source="openai",outcome="failed"}': 4,
    'answers_total{source="atlas",outcome="known"}': 50,
    'claims_total{source="openai",fate="kept"}': 30,
    'claims_total{source="openai",fate="dropped"}': 10,
    'answer_claims_sum{source="openai"}': 40,
    'answer_claims_count{source="openai"}': 8,
    'tokens_total{source="openai"}': 1_500,
    'cost_usd_total{source="openai"}': 0.25,
}
"""What one process does, minute by minute."""
MODELS = {"openai": "a-model", "atlas": ""}
ANSWERS = (
    ('{model="a-model"}', 0.75),
    ('{model="a-model"}', 0.75),
    ('{model="a-model"}', 50),
    ('{source="openai"}', 5),
    ('{source="openai"}', 0.25 * MINUTES),
)
"""To the questions, in their order."""


def questions() -> list[str]:
    """All expressions of the text: each in one line, or spread over the lines of its block."""
    blocks = re.findall(r"```promql\n(.*?)```", TEXT, re.DOTALL)
    lines = [block.strip().splitlines() for block in blocks]
    return [question for block in lines for question in ([" ".join(block)] if "/" in block else block)]


def test_each_question_has_its_answer(tmp_path: Path) -> None:
    """The share that is of use leaves failures of the line out, and nothing of other sources is counted."""
    asked = questions()
    assert len(asked) == len(ANSWERS)
    series = [(_placed(name), f"0+{by}x{MINUTES}") for name, by in A_MINUTE.items()]
    series += [
        (_placed(f'knowledge_source_info{{source="{s}",model="{m}"}}'), f"1x{MINUTES}") for s, m in MODELS.items()
    ]
    cases = [
        {"expr": f"round({question}, 0.001)", "eval_time": "24h", "exp_samples": [{"labels": labels, "value": value}]}
        for question, (labels, value) in zip(asked, ANSWERS, strict=True)
    ]
    given = [{"series": name, "values": values} for name, values in series]
    test = {"tests": [{"interval": "1m", "input_series": given, "promql_expr_test": cases}]}
    (tmp_path / "test.yml").write_text(json.dumps(test))  # which is YAML as well
    tested = tool("promtool", "test", "rules", tmp_path / "test.yml")
    assert tested.returncode == 0, tested.stdout


def test_all_figures_of_the_text_are_there() -> None:
    """What the table names is what a process tells, with these labels."""
    named = re.findall(
        r"`(\w+)(?:\{([^}]*)\})?`", TEXT[TEXT.index("## What the figures say") : TEXT.index("### Quest")]
    )
    figures = {name: labels for name, labels in named if re.search("_(total|seconds|claims|info)$", name)}
    assert len(figures) >= 8
    known = names()
    for name, labels in figures.items():
        assert name in known
        assert {re.split("[=!]", label)[0].strip() for label in labels.split(",") if label} <= known[name]


def _placed(series: str) -> str:
    """As Prometheus has it, which says where it was."""
    return series.replace("{", '{job="continuum-worker",instance="worker:8001",')
