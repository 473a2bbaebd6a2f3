"""Whoever is asked outside, set up as the settings say: knowledge sources, makers of pictures, and where those lie."""

from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TypeAlias

from continuum.exchange import Exchange
from continuum.settings import Settings, SettingsError
from exploration.sources import Build
from exploration.stored import StoredGraph
from graphstore.bytes import PictureBytes, open_bytes
from graphstore.errors import InvalidError
from providers.images.catalogue import ImageCatalogue
from providers.images.catalogue import shipped as shipped_painters
from providers.images.port import ImageProvider
from providers.images.stable_diffusion_config import StableDiffusionConfig
from providers.knowledge.port import KnowledgeSource
from providers.knowledge.registry import OPENAI
from providers.knowledge.registry import shipped as shipped_outside
from providers.openai.config import OpenAiConfig
from providers.registry import Builder, Registry, UnknownNameError
from telemetry.metrics.work import SOURCES

Sources: TypeAlias = Mapping[str, Build] | None
"""Other knowledge sources than the shipped ones."""
Painters: TypeAlias = Mapping[str, Builder[ImageProvider]] | None
"""Other makers of pictures than the shipped ones; `mock` is among them."""


def opened_sources(settings: Settings, stack: AsyncExitStack) -> Mapping[str, Build]:
    """The shipped knowledge sources; what they open is closed by the stack."""
    openai = openai_config(settings)
    registry = shipped_outside(openai)
    stack.push_async_callback(registry.close)
    sources = _sources(registry)
    for name in sources:
        # So that figures of a source can be told apart by the model that it was then.
        SOURCES.labels(name).info({"model": openai.text_model if name == OPENAI else ""})
    return sources


def _sources(registry: Registry[KnowledgeSource]) -> dict[str, Build]:
    """The sources that ask something outside, each serving all workspaces, and the stored graph; the best first."""
    outside: dict[str, Build] = {name: _shared(registry, name) for name in registry.names}
    return {**outside, StoredGraph.name: StoredGraph}


def check_sources(settings: Settings, known: Iterable[str] | None = None) -> None:
    """Raise `SettingsError` for a default source that is not among the known ones: the shipped, if none are named."""
    known = tuple(_sources(shipped_outside(openai_config(settings))) if known is None else known)
    for name in settings.knowledge_sources:
        if name not in known:
            wrong = ",".join(settings.knowledge_sources)
            raise SettingsError(f"KNOWLEDGE_SOURCES={wrong!r}: there is no {name!r}; there are: {', '.join(known)}")


def image_catalogue(settings: Settings, exchange: Exchange, painters: Painters = None) -> ImageCatalogue:
    """Who makes pictures. The caller closes it. Raises `SettingsError` for a default that nobody is."""
    try:
        return ImageCatalogue(
            _shipped_painters(settings) if painters is None else painters,
            cache=exchange.image_cache,
            flights=exchange.flights,
            enabled=settings.image_generation_enabled,
            ttl=settings.image_cache_ttl,
            at_once=settings.images_at_once,
            seconds=settings.image_timeout_seconds,
            default=settings.image_provider,
        )
    except UnknownNameError as unknown:
        raise SettingsError(f"IMAGE_PROVIDER={settings.image_provider!r}: {unknown}") from unknown


def picture_bytes(settings: Settings) -> PictureBytes:
    """Where pictures lie; nothing is asked yet. Raises `SettingsError`, and `UnavailableError` for a folder that cannot
    be used."""
    try:
        return open_bytes(settings.image_location)
    except InvalidError as wrong:
        raise SettingsError(f"IMAGE_STORE_URL: {wrong}") from wrong


def openai_config(settings: Settings) -> OpenAiConfig:
    """OpenAI, or who speaks as it does."""
    s = settings
    return OpenAiConfig(
        api_key=s.openai_api_key.get_secret_value() if s.openai_api_key else None,
        base_url=s.openai_base_url,
        timeout=s.openai_timeout_seconds,
        text_model=s.openai_text_model,
        text_format=s.openai_text_format,
        max_output_tokens=s.openai_max_output_tokens,
        input_usd_per_million=s.openai_input_usd_per_million,
        output_usd_per_million=s.openai_output_usd_per_million,
        image_model=s.openai_image_model,
        image_cost_usd=s.openai_image_cost_usd,
    )


def _shipped_painters(settings: Settings) -> dict[str, Builder[ImageProvider]]:
    s = settings
    key = s.stable_diffusion_api_key
    stable_diffusion = StableDiffusionConfig(
        endpoint=s.stable_diffusion_endpoint,
        api_key=key.get_secret_value() if key else None,
        timeout=s.image_timeout_seconds,
        steps=s.stable_diffusion_steps,
        guidance=s.stable_diffusion_guidance,
        sampler=s.stable_diffusion_sampler,
        negative_prompt=s.stable_diffusion_negative_prompt,
        cost_usd=s.stable_diffusion_cost_usd,
    )
    # A picture takes longer than an answer in words.
    return shipped_painters(replace(openai_config(s), timeout=s.image_timeout_seconds), stable_diffusion)


def _shared(registry: Registry[KnowledgeSource], name: str) -> Build:
    return lambda _store: registry.named(name)
