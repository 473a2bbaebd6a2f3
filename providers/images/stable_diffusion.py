"""Pictures by Stable Diffusion, behind a server with the API of AUTOMATIC1111's web UI, near or far."""

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson
import structlog

from providers.errors import GarbledError, NotConfiguredError, ProviderError
from providers.http import MIB, Answer, check_headers, limited, unanswered
from providers.images.allowed import check
from providers.images.encoded import decoded
from providers.images.port import ImageCard, Picture, PictureRequest, Told, unheard
from providers.images.stable_diffusion_config import StableDiffusionConfig
from providers.price import NOTHING
from providers.text import storable, without_surrogates
from telemetry.traces import without_calls

SIZES = (
    *("512x512", "512x768", "768x512", "640x640", "768x768", "896x896", "1024x1024"),
    *("1152x896", "896x1152", "1216x832", "832x1216", "1344x768", "768x1344", "1536x640", "640x1536"),
)
"""Squares, portraits and landscapes in multiples of 64, and the shapes that SDXL was trained on."""
MAX_BATCH = 8
MOST_BYTES = 64 * MIB
MOST_PROGRESS_BYTES = 4 * MIB
"""Some servers send a preview along, whatever they are asked."""
CONNECT_SECONDS = 10.0
PROGRESS_SECONDS = 5.0
"""For an answer how far it is."""
CHUNK = 65_536
MOST_SEED = 2**53 - 1
"""The greatest number that every reader of JSON keeps exact; no server chooses one beyond 32 bits."""
UNNAMED = "stable-diffusion"
"""The model, where the server does not name it."""

_log = structlog.get_logger(__name__)


class StableDiffusionImages:
    """Asks once for all pictures of a request, and meanwhile how far they are."""

    name = "stable-diffusion"

    def __init__(self, config: StableDiffusionConfig, *, every: float = 0.5) -> None:
        """`every`: seconds between two questions how far it is."""
        self._config = config
        self._every = every
        self._endpoint = (config.endpoint or "").rstrip("/")
        self._server = urlsplit(self._endpoint).netloc.rpartition("@")[2]

    def card(self) -> ImageCard:
        """What it is."""
        c = self._config
        return ImageCard(
            name=self.name,
            description="Stable Diffusion, with the model that the server has loaded.",
            available=c.reason is None,
            reason=c.reason,
            model=UNNAMED,
            sizes=SIZES,
            qualities=("auto",),
            formats=("image/png",),
            max_batch=MAX_BATCH,
            seeds=True,
            cost_usd=c.cost_usd,
        )

    async def generate(self, request: PictureRequest, told: Told = unheard) -> Sequence[Picture]:
        """The pictures, by one call."""
        check(self.card(), request)
        async with self._session() as session, self._watched(session, told):
            body = await self._asked(session, self._call(request))
        return await asyncio.to_thread(self._pictures, body, request)

    def _call(self, request: PictureRequest) -> dict[str, Any]:
        c, (width, height) = self._config, request.size
        return {
            "prompt": without_surrogates(request.prompt),
            "negative_prompt": c.negative_prompt,
            "width": width,
            "height": height,
            "batch_size": request.count,
            "steps": c.steps,
            "cfg_scale": c.guidance,
            "sampler_name": c.sampler,
            "seed": -1 if request.seed is None else request.seed + request.first,
        }

    def _session(self) -> aiohttp.ClientSession:
        limits = aiohttp.ClientTimeout(self._config.timeout, sock_connect=min(self._config.timeout, CONNECT_SECONDS))
        # How large a compressed answer becomes is not known before it is.
        headers = {"Accept-Encoding": "identity", **_authorization(self._config.api_key)}
        return aiohttp.ClientSession(headers=headers, timeout=limits, auto_decompress=False)

    async def _asked(self, session: aiohttp.ClientSession, call: dict[str, Any]) -> bytes:
        url = f"{self._endpoint}/sdapi/v1/txt2img"
        try:
            async with session.post(url, json=call, allow_redirects=False) as response:
                body = await self._read(response, MOST_BYTES)
        except (aiohttp.ClientError, TimeoutError) as error:
            failure: ProviderError = unanswered(error, self._server)
        else:
            if response.status == HTTPStatus.OK:
                return body
            answer = Answer(self._server, response.status, response.headers, body)
            failure = answer.error("STABLE_DIFFUSION_API_KEY", _forms(self._config.api_key))
        # Without a cause: the library's errors hold the request with its key.
        raise failure

    async def _read(self, response: aiohttp.ClientResponse, most: int) -> bytes:
        check_headers(response.headers, most, self._server)
        chunks = limited(response.content.iter_chunked(CHUNK), most, self._server)
        return b"".join([chunk async for chunk in chunks])

    @asynccontextmanager
    async def _watched(self, session: aiohttp.ClientSession, told: Told) -> AsyncIterator[None]:
        """Tells how far it is while the context is open. Whatever goes wrong there spoils no picture."""
        with without_calls():
            watching = asyncio.create_task(self._watch(session, told))
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait([watching])
            if not watching.cancelled() and (error := watching.exception()):
                _log.warning("image.progress_lost", provider=self.name, error=type(error).__name__)

    async def _watch(self, session: aiohttp.ClientSession, told: Told) -> None:
        last = 0.0
        while True:
            await asyncio.sleep(self._every)
            share = await self._progress(session)
            if share is None:
                return
            if share > last:
                last = share
                told(share)

    async def _progress(self, session: aiohttp.ClientSession) -> float | None:
        """How far the server says it is, from 0 to 1; None where it does not tell."""
        url = f"{self._endpoint}/sdapi/v1/progress?skip_current_image=true"
        limit = aiohttp.ClientTimeout(PROGRESS_SECONDS)
        try:
            async with session.get(url, allow_redirects=False, timeout=limit) as response:
                body = await self._read(response, MOST_PROGRESS_BYTES)
        except (aiohttp.ClientError, TimeoutError):
            return 0.0  # it is busy; perhaps it tells next time
        except GarbledError:
            return None
        return _share(body) if response.status == HTTPStatus.OK else None

    def _pictures(self, body: bytes, request: PictureRequest) -> tuple[Picture, ...]:
        answer = _json(body)
        images = answer.get("images") if isinstance(answer, dict) else None
        if not isinstance(images, list):
            raise GarbledError(f"{self._server} gave an answer without pictures")
        info = _info(answer.get("info"))
        # Some servers put a sheet with all pictures before them, and others further ones behind.
        start = first if isinstance(first := info.get("index_of_first_image"), int) and first >= 0 else 0
        found = images[start : start + request.count]
        if len(found) < request.count:
            raise GarbledError(f"{self._server} answered with {len(found)} of {request.count} pictures")
        return tuple(self._picture(text, info, request, place) for place, text in enumerate(found))

    def _picture(self, text: object, info: dict[str, Any], request: PictureRequest, place: int) -> Picture:
        return Picture(
            decoded(text, self._server),
            "image/png",
            self.name,
            _model(info),
            seed=_seed(info, request, place),
            cost_usd=self._config.cost_usd,
        )


def _authorization(key: str | None) -> dict[str, str]:
    if not key:
        return {}
    if not key.isprintable():
        raise NotConfiguredError("STABLE_DIFFUSION_API_KEY has characters that no key has", used=NOTHING)
    user, by_name, password = key.partition(":")
    return {"Authorization": aiohttp.encode_basic_auth(user, password) if by_name else f"Bearer {key}"}


def _forms(key: str | None) -> set[str]:
    """All that gives the key away."""
    if not key:
        return set()
    return {key, key.partition(":")[2], _authorization(key)["Authorization"].partition(" ")[2]}


def _json(body: bytes | str) -> Any:
    """What it says, or None."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _share(body: bytes) -> float | None:
    said = _json(body)
    share = said.get("progress") if isinstance(said, dict) else None
    return min(max(float(share), 0.0), 1.0) if isinstance(share, int | float) and math.isfinite(share) else None


def _info(said: object) -> dict[str, Any]:
    """What the server tells of how it made them: JSON in a text, where it does."""
    info = _json(said) if isinstance(said, str) else said
    return info if isinstance(info, dict) else {}


def _model(info: dict[str, Any]) -> str:
    names = (info.get(name) for name in ("sd_model_name", "sd_model_checkpoint"))
    return next((storable(name[:200]) for name in names if isinstance(name, str) and name), UNNAMED)


def _seed(info: dict[str, Any], request: PictureRequest, place: int) -> int | None:
    """The seed of one picture, by the server or by what was asked."""
    seeds = info.get("all_seeds")
    seed = seeds[place] if isinstance(seeds, list) and place < len(seeds) else None
    if isinstance(seed, int) and 0 <= seed <= MOST_SEED:
        return int(seed)
    return None if request.seed is None else request.seed + request.first + place
