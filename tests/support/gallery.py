"""Images over the API, as tests ask for them and look at them."""

from typing import Any

from tests.support.api import PROMISED, Api

PAINT = """mutation ($input: GenerateImagesInput!) { generateImages(input: $input) { images {
  id status url prompt provider size quality style seed concept { id name } } } }"""
SEEN = """query ($id: ID!) { image(id: $id) { id status url thumbnailUrl width height mediaType bytes prompt provider
  model quality size style seed fallback fallbackReason cached costUsd conceptVersion error { code message }
  concept { id name } exploration { id } progress createdAt startedAt finishedAt } }"""
ADD = "mutation ($input: AddKnowledgeInput!) { addKnowledge(input: $input) { concepts { id version } } }"


async def concepts(api: Api, *names: str, **options: Any) -> list[str]:
    """The ids of concepts with these names."""
    added = await api.data(ADD, input={"concepts": [{"name": name} for name in names]}, **options)
    return [concept["id"] for concept in added["addKnowledge"]["concepts"]]


async def asked(api: Api, ids: list[str], **input: Any) -> list[dict[str, Any]]:
    """The images that are given for a request, at once."""
    answer = await api.data(PAINT, input={"conceptIds": ids, **input})
    found: list[dict[str, Any]] = answer["generateImages"]["images"]
    return found


async def made(api: Api, ids: list[str], **input: Any) -> list[dict[str, Any]]:
    """The images of a request, when all have ended."""
    images = await asked(api, ids, **input)
    async with api.socket() as socket:
        async for _ in socket.results(PROMISED["Painting"], ids=[image["id"] for image in images]):
            pass
    return [(await api.data(SEEN, id=image["id"]))["image"] for image in images]


async def downloaded(api: Api, path: str) -> tuple[str, bytes]:
    """Media type and bytes of a picture."""
    async with api.client.get(path) as response:
        assert response.status == 200
        return response.content_type, await response.read()
