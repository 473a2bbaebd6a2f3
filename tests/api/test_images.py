"""Images over the API: asked for, seen, shared by equal requests, deleted."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image as Pillow

from resolvers.ids import CONCEPT, IMAGE, global_id
from tests.support.api import PROMISED, Api
from tests.support.gallery import PAINT, SEEN, asked, concepts, downloaded, made

DELETE = "mutation ($id: ID!) { deleteImage(input: {id: $id}) { deletedId } }"
CLEAR = "mutation { clearImageCache { cleared } }"
CACHE = "{ imageCache { backend hits misses entries hitRate } }"
LAB = {"X-Workspace": "lab"}


async def test_a_picture_can_be_looked_at(api: Api) -> None:
    """A picture that was made is served at its url: what it says of its type, size and bytes is so."""
    [id] = await concepts(api, "Cat")
    [image] = await made(api, [id], provider="mock", size="512x512")
    assert (image["status"], image["error"], image["fallback"], image["cached"]) == ("READY", None, False, False)
    media_type, content = await downloaded(api, image["url"])
    assert (media_type, len(content)) == (image["mediaType"], image["bytes"])
    with Pillow.open(BytesIO(content)) as picture:
        assert picture.size == (image["width"], image["height"]) == (512, 512)
    _, small = await downloaded(api, image["thumbnailUrl"])
    with Pillow.open(BytesIO(small)) as picture:
        assert picture.width == 256
    assert image["concept"] == {"id": id, "name": "Cat"}
    assert "Cat" in image["prompt"]
    assert (image["provider"], image["costUsd"], image["conceptVersion"], image["progress"]) == ("mock", 0, 1, 1)
    assert image["createdAt"] <= image["startedAt"] <= image["finishedAt"]


async def test_images_are_given_at_once(api: Api) -> None:
    """A request for several pictures of several concepts gives them all before any is made, concept by concept."""
    ids = await concepts(api, "Cat", "Dog")
    images = await asked(api, ids, count=2, provider="mock", seed=7, style="woodcut", prompt="asleep")
    assert [image["concept"]["name"] for image in images] == ["Cat", "Cat", "Dog", "Dog"]
    assert {image["status"] for image in images} == {"QUEUED"}
    assert {image["url"] for image in images} == {image["prompt"] for image in images} == {None}
    assert {(image["provider"], image["style"]) for image in images} == {("mock", "woodcut")}
    assert [image["seed"] for image in images] == [7, 8, 7, 8]


async def test_pictures_of_one_request_differ_by_their_seeds(api: Api) -> None:
    """Several pictures of one concept are several pictures, and the words of who asked are in the prompt."""
    [id] = await concepts(api, "Cat")
    images = await made(api, [id], count=3, provider="mock", seed=2**31 - 3, prompt="a cat asleep on a book")
    assert [image["seed"] for image in images] == [2**31 - 3, 2**31 - 2, 2**31 - 1]
    assert len({await downloaded(api, image["url"]) for image in images}) == 3
    assert all("asleep on a book" in image["prompt"] for image in images)


async def test_an_equal_request_is_given_the_same_picture(api: Api) -> None:
    """The second time a picture is at hand, which costs nothing and is counted; unless it is to be made anew."""
    [id] = await concepts(api, "Cat")
    [first] = await made(api, [id], provider="mock")
    [second] = await made(api, [id], provider="mock")
    [third] = await made(api, [id], provider="mock", reuse=False)
    assert [image["cached"] for image in (first, second, third)] == [False, True, False]
    assert (await downloaded(api, second["url"])) == (await downloaded(api, first["url"]))
    stats = (await api.data(CACHE))["imageCache"]
    assert (stats["backend"], stats["hits"], stats["entries"]) == ("memory", 1, 1)
    assert stats["hitRate"] == stats["hits"] / (stats["hits"] + stats["misses"])
    assert (await api.data(CLEAR))["clearImageCache"] == {"cleared": 1}
    empty = {"backend": "memory", "hits": 0, "misses": 0, "entries": 0, "hitRate": 0}
    assert (await api.data(CACHE))["imageCache"] == empty
    [fourth] = await made(api, [id], provider="mock")
    assert fourth["cached"] is False


async def test_what_cannot_be_made_is_drawn(api: Api) -> None:
    """A provider that is not set up is replaced, and the picture says so; who wants no replacement is told why."""
    [id] = await concepts(api, "Cat")
    [image] = await made(api, [id], provider="openai")
    assert (image["status"], image["provider"], image["fallback"]) == ("READY", "mock", True)
    assert "OPENAI_API_KEY" in image["fallbackReason"]
    [drawn] = await made(api, [id], provider="openai", generate=False)
    assert (drawn["status"], drawn["provider"]) == ("READY", "mock")
    error = await api.error(PAINT, input={"conceptIds": [id], "provider": "openai", "fallback": False})
    assert (error["code"], error["argument"]) == ("BAD_USER_INPUT", "input.provider")
    assert "OPENAI_API_KEY" in error["message"]


async def test_providers_say_what_they_can_do(api: Api) -> None:
    """All providers are listed; those that are not available say what they need, and one is the usual one."""
    query = """{ imageProviders { name description available reason default model sizes qualities formats maxBatch
      seeds costUsd } }"""
    providers = {one["name"]: one for one in (await api.data(query))["imageProviders"]}
    assert providers.keys() == {"openai", "stable-diffusion", "mock"}
    assert [name for name, one in providers.items() if one["default"]] == ["mock"]
    assert [name for name, one in providers.items() if one["available"]] == ["mock"]
    assert {name: one["reason"] is None for name, one in providers.items()} == {
        "openai": False,
        "stable-diffusion": False,
        "mock": True,
    }
    assert all(one["sizes"] and one["formats"] and one["maxBatch"] >= 1 for one in providers.values())


@pytest.mark.parametrize(
    ("input", "argument", "words"),
    [
        ({"conceptIds": []}, "input.conceptIds", "0 concepts"),
        ({"conceptIds": [global_id(IMAGE, "x")]}, "input.conceptIds", "id of a Concept is wanted"),
        ({"conceptIds": ["x"] * 2}, "input.conceptIds", "no id"),
        ({"count": 0}, "input.count", "between 1 and"),
        ({"count": 10_000}, "input.count", "between 1 and"),
        ({"conceptIds": [global_id(CONCEPT, str(n)) for n in range(101)]}, "input.conceptIds", "101 concepts"),
        ({"conceptIds": [global_id(CONCEPT, str(n)) for n in range(51)], "count": 2}, "input.count", "102 images"),
        ({"provider": "nobody"}, "provider", "mock"),
        ({"size": "1x1"}, "input.size", "512x512"),
        ({"quality": "superb"}, "input.quality", "superb"),
        ({"seed": -1}, "input.seed", "between 0 and"),
        ({"style": "x" * 10_000}, "input.style", "10,000"),
        ({"prompt": "a\ab"}, "input.prompt", "no text"),
        ({"idempotencyKey": ""}, "input.idempotencyKey", "empty"),
    ],
)
async def test_mistakes_are_told_before_anything_is_stored(
    api: Api, input: dict[str, Any], argument: str, words: str
) -> None:
    """The error names the argument and what would be right, and no image is left behind."""
    [id] = await concepts(api, "Cat")
    error = await api.error(PAINT, input={"conceptIds": [id], "provider": "mock", **input})
    assert (error["code"], error["argument"]) == ("BAD_USER_INPUT", argument)
    assert words in error["message"]
    assert (await api.data(PROMISED["Gallery"], id=id))["concept"]["images"]["totalCount"] == 0


async def test_a_concept_that_is_not_there_has_no_picture(api: Api) -> None:
    """An unknown concept is NOT_FOUND, and the others of the request get no picture either."""
    [id] = await concepts(api, "Cat")
    error = await api.error(PAINT, input={"conceptIds": [id, global_id(CONCEPT, "none")]})
    assert error["code"] == "NOT_FOUND"
    assert (await api.data(PROMISED["Gallery"], id=id))["concept"]["images"]["totalCount"] == 0


async def test_a_request_that_comes_twice_is_one(api: Api) -> None:
    """With an idempotency key the same request gives the same images, and another request is refused."""
    [id] = await concepts(api, "Cat")
    first, second = [await asked(api, [id], count=2, idempotencyKey="k") for _ in range(2)]
    assert [image["id"] for image in second] == [image["id"] for image in first]
    error = await api.error(PAINT, input={"conceptIds": [id], "count": 1, "idempotencyKey": "k"})
    assert error["code"] == "CONFLICT"
    assert (await api.data(PROMISED["Gallery"], id=id))["concept"]["images"]["totalCount"] == 2


async def test_an_image_is_deleted(api: Api) -> None:
    """A deleted image is neither found nor served, and cannot be deleted again."""
    [id] = await concepts(api, "Cat")
    [image] = await made(api, [id])
    assert (await api.data(DELETE, id=image["id"]))["deleteImage"] == {"deletedId": image["id"]}
    assert (await api.data(SEEN, id=image["id"]))["image"] is None
    async with api.client.get(image["url"]) as response:
        assert response.status == 404
    assert (await api.error(DELETE, id=image["id"]))["code"] == "NOT_FOUND"
    assert (await api.error(DELETE, id=id))["code"] == "BAD_USER_INPUT"


async def test_images_belong_to_a_workspace(api: Api) -> None:
    """The url of an image in another workspace names it, and from elsewhere the image is not there."""
    [id] = await concepts(api, "Cat", headers=LAB)
    asked_for = await api.data(PAINT, input={"conceptIds": [id]}, headers=LAB)
    [image] = asked_for["generateImages"]["images"]
    async with api.socket(workspace="lab") as socket:
        told = [result async for result in socket.results(PROMISED["Painting"], ids=[image["id"]])]
    url = told[-1]["data"]["imageUpdates"]["url"]
    assert url.endswith("?workspace=lab")
    await downloaded(api, url)
    seen = (await api.data(SEEN, id=image["id"], headers=LAB))["image"]
    assert seen["thumbnailUrl"].endswith("?w=256&workspace=lab")
    await downloaded(api, seen["thumbnailUrl"])
    assert (await api.data(SEEN, id=image["id"]))["image"] is None
    async with api.client.get(url.partition("?")[0]) as response:
        assert response.status == 404


async def test_a_thumbnail_has_one_of_a_few_widths(api: Api) -> None:
    """Any other width is refused, and the allowed ones are named."""
    [id] = await concepts(api, "Cat")
    [image] = await made(api, [id])
    query = "query ($id: ID!, $w: Int!) { image(id: $id) { thumbnailUrl(width: $w) } }"
    for width in (64, 512):
        assert f"?w={width}" in (await api.data(query, id=image["id"], w=width))["image"]["thumbnailUrl"]
    error = await api.error(query, id=image["id"], w=100)
    assert (error["code"], error["argument"]) == ("BAD_USER_INPUT", "width")
    assert "64, 128, 256, 512" in error["message"]


async def test_an_image_is_a_node(api: Api) -> None:
    """An image is found by its id alone, among other things."""
    [id] = await concepts(api, "Cat")
    [image] = await asked(api, [id])
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Image { concept { id } } } }"
    found = (await api.data(query, ids=[image["id"], id, global_id(IMAGE, "none")]))["nodes"]
    assert found == [
        {"__typename": "Image", "id": image["id"], "concept": {"id": id}},
        {"__typename": "Concept", "id": id},
        None,
    ]


async def test_pages_of_a_concepts_images(api: Api) -> None:
    """A concept's images are paged, the newest first, in either direction."""
    [id] = await concepts(api, "Cat")
    for _ in range(2):
        await asked(api, [id], count=2)
    query = """query ($id: ID!, $after: String, $first: Int, $last: Int) { concept(id: $id) {
      images(first: $first, after: $after, last: $last) { totalCount edges { node { id } }
        pageInfo { hasNextPage hasPreviousPage endCursor } } } }"""
    first = (await api.data(query, id=id, first=3))["concept"]["images"]
    rest = (await api.data(query, id=id, first=3, after=first["pageInfo"]["endCursor"]))["concept"]["images"]
    assert (first["totalCount"], rest["totalCount"]) == (4, 4)
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    listed = [edge["node"]["id"] for edge in first["edges"] + rest["edges"]]
    assert len(set(listed)) == 4
    last = (await api.data(query, id=id, last=4))["concept"]["images"]
    assert [edge["node"]["id"] for edge in last["edges"]] == listed
    times = [(await api.data(SEEN, id=one))["image"]["createdAt"] for one in listed]
    assert times == sorted(times, reverse=True)


async def test_a_deleted_concept_takes_its_images_along(api: Api) -> None:
    """With the concept its images go."""
    [id] = await concepts(api, "Cat")
    [image] = await made(api, [id])
    await api.data("mutation ($id: ID!) { deleteConcept(input: {id: $id}) { deletedId } }", id=id)
    assert (await api.data(SEEN, id=image["id"]))["image"] is None
