"""Metrics of explorations and of the jobs that carry them out.

`source` is the name of a knowledge source, or of a provider of images where it stands beside a cost; `kind` is that of
a job (`exploration`, `images`) or of a step (`expand`, `picture`).
"""

from prometheus_client import Counter, Gauge, Histogram, Info

LONG = (0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 1_800)
AGENT = (0.001, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60)

SUBMITTED = Counter("explorations_submitted_total", "Explorations that were asked for.", ["source"])
"""`source`: the first of those that are to be asked."""
COMPLETED = Counter("explorations_completed_total", "Explorations that ended.", ["status"])
DURATION = Histogram("exploration_duration_seconds", "Seconds from the request to the end.", ["status"], buckets=LONG)
"""By the store's clock; one that was extended counts from its first request."""
RUNNING = Gauge("jobs_running", "Jobs that this process works on.", ["kind"])
AGENT_EXECUTIONS = Counter("agent_executions_total", "What agents have done.", ["agent_name", "status"])
AGENT_DURATION = Histogram("agent_execution_duration_seconds", "Seconds of it.", ["agent_name"], buckets=AGENT)
QUEUE_DEPTH = Gauge("queue_depth", "Jobs that wait for a worker.", ["queue"])
QUEUE_AGE = Gauge("queue_oldest_age_seconds", "For how long the oldest of them has waited.", ["queue"])
LEASES_LOST = Counter("leases_lost_total", "Work that was taken from this process.", ["kind"])
"""What was cancelled or deleted while it was worked on is nobody's, and is not among it."""
STEPS_RETRIED = Counter("steps_retried_total", "Steps that are to be tried again.", ["kind"])
STEPS_FAILED = Counter("steps_failed_total", "Steps that were given up.", ["kind"])
BUDGET_REACHED = Counter("budget_reached_total", "Explorations that a budget has ended.", ["budget"])
TOKENS = Counter("tokens_total", "Tokens of language models.", ["source"])
COST = Counter("cost_usd_total", "US dollars that answers and pictures have cost.", ["source"])
"""As they are booked: what is known to have been used, and the worst of an attempt that does not tell."""
ANSWERS = Counter("answers_total", "Questions to sources, by what came of them.", ["source", "outcome"])
"""`outcome` is `known`, `unknown`, `repaired` (usable at the second attempt), `garbled`, `refused` (the provider's
rules among it) or `failed` (nothing came: it was away, too slow or not set up)."""
CLAIMS = Counter("claims_total", "Relations that sources stated, by what became of them.", ["source", "fate"])
"""`fate` is `kept`, `repeated` (the same answer, or that of a source before it, says so already) or `dropped`
(malformed, or about the concept itself); one that contradicts another is kept."""
CONTRADICTIONS = Counter("contradictions_total", "Relations that came to contradict another that is stored.")
CLAIMS_OF_ANSWER = Histogram("answer_claims", "Relations in one answer.", ["source"], buckets=(0, 1, 2, 5, 10, 20, 50))
SOURCES = Info("knowledge_source", "What answers for a source: its model, where it is one.", ["source"])

# A rate is known only of what was there before: the first of them would wake nobody.
for _status in ("COMPLETED", "BUDGET_REACHED", "CANCELLED", "FAILED"):
    COMPLETED.labels(_status)
for _budget in ("concepts", "seconds", "tokens", "costUsd", "pictures"):
    BUDGET_REACHED.labels(_budget)
for _job in ("exploration", "images"):
    RUNNING.labels(_job)
    LEASES_LOST.labels(_job)
for _step in ("expand", "picture"):
    STEPS_RETRIED.labels(_step)
    STEPS_FAILED.labels(_step)
