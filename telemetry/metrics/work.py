"""Metrics of explorations and of the jobs that carry them out."""

from prometheus_client import Counter, Gauge, Histogram, Info

LONG = (0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 1_800)
AGENT = (0.001, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60)

SUBMITTED = Counter("explorations_submitted_total", "Explorations that were asked for.", ["source"])
COMPLETED = Counter("explorations_completed_total", "Explorations that ended.", ["status"])
DURATION = Histogram("exploration_duration_seconds", "Seconds from the request to the end.", ["status"], buckets=LONG)
RUNNING = Gauge("jobs_running", "Jobs that this process works on.", ["kind"])
AGENT_EXECUTIONS = Counter("agent_executions_total", "What agents have done.", ["agent_name", "status"])
AGENT_DURATION = Histogram("agent_execution_duration_seconds", "Seconds of it.", ["agent_name"], buckets=AGENT)
QUEUE_DEPTH = Gauge("queue_depth", "Jobs that wait for a worker.", ["queue"])
QUEUE_AGE = Gauge("queue_oldest_age_seconds", "For how long the oldest of them has waited.", ["queue"])
LEASES_LOST = Counter("leases_lost_total", "Work that was taken from this process.", ["kind"])
STEPS_RETRIED = Counter("steps_retried_total", "Steps that are to be tried again.", ["kind"])
STEPS_FAILED = Counter("steps_failed_total", "Steps that were given up.", ["kind"])
BUDGET_REACHED = Counter("budget_reached_total", "Explorations that a budget has ended.", ["budget"])
TOKENS = Counter("tokens_total", "Tokens of language models that were booked.", ["source"])
COST = Counter("cost_usd_total", "US dollars that were booked.", ["source"])
ANSWERS = Counter("answers_total", "Questions to sources, by what came of them.", ["source", "outcome"])
"""`outcome` is `known`, `unknown`, `repaired` (known at the second attempt), `garbled`, `refused` or `failed`."""
CLAIMS = Counter("claims_total", "Relations that sources stated, by what became of them.", ["source", "fate"])
"""`fate` is `kept` or `dropped` (malformed, repeated or about itself); one that contradicts another is kept."""
CONTRADICTIONS = Counter("contradictions_total", "Claims that say the opposite of what is stored or was said.")
CLAIMS_OF_ANSWER = Histogram("answer_claims", "Relations in one answer.", ["source"], buckets=(0, 1, 2, 5, 10, 20, 50))
SOURCES = Info("knowledge_source", "What answers for a source: its model, where it is one.", ["source"])
