"""Pictures in the explorer page, made by a server that speaks as Stable Diffusion does."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, Page, expect

from tests.support.explorer_page import explore, panel
from tests.support.fake_a1111 import FakeA1111, fake_a1111

pytestmark = pytest.mark.browser


@pytest.fixture
async def painter() -> AsyncIterator[FakeA1111]:
    """Who makes the pictures."""
    async with fake_a1111() as fake:
        yield fake


@pytest.fixture
def settings(painter: FakeA1111) -> dict[str, object]:
    """The server asks the painter, who wants to be paid."""
    return {"stable_diffusion_endpoint": painter.address, "stable_diffusion_cost_usd": 0.02}


def gallery(page: Page) -> Locator:
    """The pictures in the panel, and those that are to become some."""
    return panel(page).get_by_role("region", name="Pictures").get_by_role("listitem")


def strip(page: Page) -> Locator:
    """The pictures along the graph."""
    return page.get_by_role("group", name="Pictures").get_by_role("button")


async def open_chlorophyll(page: Page) -> None:
    """Explore, and open one concept."""
    await explore(page, "photosynthesis")
    await page.get_by_role("button", name=re.compile("^Chlorophyll,")).click()
    await expect(panel(page).get_by_role("heading", name="Chlorophyll")).to_be_visible()


async def make_another(page: Page) -> None:
    """Press the button."""
    await panel(page).get_by_role("button", name="Make a picture").click()


async def is_drawn(image: Locator) -> bool:
    """Whether the browser could show the picture."""
    return bool(await image.evaluate("async (image) => { await image.decode(); return image.naturalWidth > 0; }"))


async def test_a_picture_is_made_and_stays(page: Page, painter: FakeA1111) -> None:
    """It is shown as soon as it is there, with who made it; another one comes before it; both are there again later."""
    painter.seconds = 0.5
    await open_chlorophyll(page)
    await make_another(page)
    await expect(gallery(page).get_by_role("progressbar")).to_be_visible()
    await expect(gallery(page)).to_have_text("By Stable Diffusion")
    first = gallery(page).get_by_role("img", name="A picture of Chlorophyll")
    assert await is_drawn(first)
    shown = await first.get_attribute("src")

    await make_another(page)
    await expect(gallery(page).get_by_role("img")).to_have_count(2)
    await expect(gallery(page).nth(1).get_by_role("img")).to_have_attribute("src", str(shown))
    assert painter.asked[0].body["seed"] != painter.asked[1].body["seed"]

    await page.reload()
    await expect(gallery(page).get_by_role("img")).to_have_count(2)


async def test_a_large_gallery_is_shown_to_its_end(page: Page) -> None:
    """The first pictures come with the panel, and the others when they are asked for."""
    await open_chlorophyll(page)
    for number in range(1, 9):
        await make_another(page)
        await expect(gallery(page).get_by_role("img")).to_have_count(number)
    await page.reload()
    await expect(gallery(page).get_by_role("img")).to_have_count(6)
    await panel(page).get_by_role("button", name="Show more pictures").click()
    await expect(gallery(page).get_by_role("img")).to_have_count(8)
    await expect(panel(page).get_by_role("button", name="Show more pictures")).to_have_count(0)


async def test_pictures_come_while_the_graph_grows(page: Page, painter: FakeA1111) -> None:
    """An exploration with pictures has a strip of them, the price told beforehand; each leads to its concept."""
    await page.goto("/")
    await expect(page.get_by_text("With pictures, up to $0.02 each")).to_be_visible()
    await page.get_by_label("At most").select_option("20 concepts")
    await page.get_by_label("With pictures").check()
    await page.get_by_label("Topic").fill("photosynthesis")
    await page.get_by_role("button", name="Explore").click()
    await expect(strip(page)).to_have_count(20)
    assert len(painter.asked) == 20
    assert await is_drawn(strip(page).first.locator("img"))

    await strip(page).filter(has=page.locator("img")).last.click()
    await expect(panel(page)).to_be_visible()
    name = await strip(page).last.get_attribute("aria-label")
    await expect(panel(page).get_by_role("heading", level=2)).to_have_text(str(name))
    await expect(gallery(page).get_by_role("img")).to_have_count(1)
    edge = await panel(page).bounding_box()
    ends = await page.get_by_role("group", name="Pictures").bounding_box()
    assert edge is not None
    assert ends is not None
    assert ends["x"] + ends["width"] <= edge["x"]


async def test_what_could_not_be_made_says_why(page: Page, painter: FakeA1111) -> None:
    """An answer without pictures is a failure with its reason; who refuses is stood in for, and that says why."""
    await open_chlorophyll(page)
    painter.moods.extend(["garbage", "denied"])
    await make_another(page)
    await expect(gallery(page).first).to_contain_text("gave an answer without pictures")
    await make_another(page)
    await expect(gallery(page).first).to_contain_text(
        re.compile(r"Drawn instead: .* does not take the key: check STABLE_DIFFUSION_API_KEY")
    )
    await expect(gallery(page)).to_have_count(2)


async def test_a_picture_can_be_deleted(page: Page) -> None:
    """By keyboard too, and not by one press alone: it leaves the panel and the strip for good, and the focus stays in
    the panel."""
    await explore(page, "photosynthesis", pictures=True)
    before = await strip(page).count()
    await strip(page).first.click()
    await gallery(page).get_by_role("button", name="Delete this picture").focus()
    await page.keyboard.press("Enter")
    await expect(gallery(page).get_by_role("button", name="Delete this picture for good")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(gallery(page).get_by_role("button", name="Delete this picture", exact=True)).to_have_count(1)
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(gallery(page)).to_have_count(0)
    await expect(strip(page)).to_have_count(before - 1)
    await expect(panel(page).get_by_role("button", name="Make a picture")).to_be_focused()

    await page.reload()
    await expect(strip(page)).to_have_count(before - 1)
    await expect(panel(page).get_by_role("button", name="Make a picture")).to_be_visible()
    await expect(gallery(page)).to_have_count(0)
