"""The explorer page, as its tests find their way in it."""

import re

from playwright.async_api import Locator, Page, expect

ENDED = re.compile("Complete|Budget reached")


def nodes(page: Page) -> Locator:
    """The concepts in the picture."""
    return page.locator(".node")


def panel(page: Page) -> Locator:
    """The side panel of the concept that is open."""
    return page.get_by_role("complementary", name="Concept")


def status(page: Page) -> Locator:
    """The exploration's status, in words."""
    return page.get_by_role("region", name="Exploration", exact=True).locator(".status")


async def explore(page: Page, topic: str, *, pictures: bool = False) -> None:
    """Type a topic at the start page, tick pictures or not, and wait until its graph is complete."""
    await page.goto("/")
    await page.get_by_label("With pictures").set_checked(pictures)
    await page.get_by_label("Topic").fill(topic)
    await page.get_by_role("button", name="Explore").click()
    await expect(nodes(page).first).to_be_visible()
    await expect(status(page)).to_have_text(ENDED)
