"""Which knowledge sources there are."""

from providers.knowledge.port import KnowledgeSource
from providers.openai.config import OpenAiConfig
from providers.registry import Registry, importing

OPENAI = "openai"
"""The source that is a language model."""


def shipped(openai: OpenAiConfig) -> Registry[KnowledgeSource]:
    """The sources that ask something outside of the store, the best first."""
    return Registry(
        "knowledge source",
        KnowledgeSource,
        {
            OPENAI: importing("providers.knowledge.openai.source:OpenAiSource", openai),
            "atlas": importing("providers.knowledge.atlas.source:AtlasSource"),
        },
    )
