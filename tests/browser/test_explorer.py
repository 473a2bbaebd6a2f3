"""The explorer page in a real browser."""

import json
import re

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from tests.support.explorer_page import ENDED, explore, nodes, panel, status

pytestmark = pytest.mark.browser


async def test_a_topic_becomes_a_graph_with_its_sources(page: Page) -> None:
    """Concepts appear as they are found; one that is opened says who says so."""
    await explore(page, "photosynthesis")
    await expect(nodes(page)).to_have_count(40)
    await expect(page.get_by_text("40 of 40 concepts")).to_be_visible()

    await page.get_by_role("button", name=re.compile("^Chlorophyll,")).click()
    await expect(panel(page).get_by_role("heading", name="Chlorophyll")).to_be_visible()
    await panel(page).get_by_text("evidence").first.click()
    await expect(panel(page).locator("details[open] blockquote")).not_to_be_empty()
    await expect(panel(page).locator("details[open] cite")).not_to_be_empty()


async def test_a_search_that_finds_nothing_offers_to_explore(page: Page) -> None:
    """A topic typed into the search instead of the form is one key away from its graph."""
    await page.goto("/")
    await page.get_by_label("Search the stored graph").fill("glockenspiel printing")
    await expect(page.get_by_role("listbox").get_by_role("option")).to_contain_text("Nothing stored matches this.")
    await page.get_by_label("Search the stored graph").press("Enter")
    await expect(page.get_by_text("“glockenspiel printing” is not known here")).to_be_visible()


async def test_a_relation_leads_to_the_next_concept(page: Page) -> None:
    """A relation in the panel opens the concept at its other end, in the picture too."""
    await explore(page, "photosynthesis")
    await page.get_by_role("button", name=re.compile("^Chlorophyll,")).click()
    await panel(page).get_by_role("button", name="Photosynthesis", exact=True).click()

    await expect(panel(page).get_by_role("heading", name="Photosynthesis", exact=True)).to_be_visible()
    await expect(page.locator(".node.selected")).to_have_attribute("aria-label", re.compile("^Photosynthesis,"))


async def test_the_address_shows_the_same_again(page: Page) -> None:
    """Exploration and concept are in the address: loading it again shows both."""
    await explore(page, "photosynthesis")
    shown = await nodes(page).count()
    await page.get_by_role("button", name=re.compile("^Chlorophyll,")).click()
    await expect(page).to_have_url(re.compile(r"exploration=.+&concept="))

    await page.reload()
    await expect(nodes(page)).to_have_count(shown)
    await expect(panel(page).get_by_role("heading", name="Chlorophyll")).to_be_visible()

    await page.go_back()
    await expect(panel(page)).to_be_hidden()
    await expect(nodes(page)).to_have_count(shown)


async def test_a_past_exploration_can_be_opened_again(page: Page) -> None:
    """The start page lists what was explored."""
    await explore(page, "jazz")
    shown = await nodes(page).count()
    await page.get_by_role("link", name="Continuum, start page").click()
    await page.get_by_role("link", name=re.compile("jazz", re.IGNORECASE)).first.click()
    await expect(nodes(page)).to_have_count(shown)


async def test_a_used_up_budget_can_be_raised(page: Page) -> None:
    """After the budget a person can go on: the graph grows further from where it stopped."""
    await explore(page, "photosynthesis")
    await page.get_by_role("button", name="Find 40 more").click()
    await expect(page.get_by_text("of 80 concepts")).to_be_visible()
    await expect(status(page)).to_have_text(ENDED)
    await expect(nodes(page)).to_have_count(80)


async def test_what_the_search_finds_can_be_opened(page: Page) -> None:
    """A concept found by search opens in the graph that has it, and with its neighbours where none has."""
    await explore(page, "photosynthesis")
    search = page.get_by_role("combobox", name="Search the stored graph")
    await search.fill("chlorophyll")
    await expect(page.get_by_role("option").first).to_contain_text("Chlorophyll")
    await search.press("Enter")
    await expect(panel(page).get_by_role("heading", name="Chlorophyll")).to_be_visible()
    await expect(page).to_have_url(re.compile("exploration="))

    await page.get_by_role("link", name="Continuum, start page").click()
    await search.fill("chlorophyll")
    await page.get_by_role("option", name=re.compile("^Chlorophyll")).click()
    await expect(page).not_to_have_url(re.compile("exploration="))
    await expect(page.locator(".node.selected")).to_have_attribute("aria-label", re.compile("^Chlorophyll,"))
    await expect(page.locator(".node.near")).not_to_have_count(0)


async def test_an_unknown_topic_offers_the_nearest_ones(page: Page) -> None:
    """A misspelt topic is answered with topics to choose from, and choosing one explores it."""
    await page.goto("/")
    await page.get_by_label("Topic").fill("photosyntesis")
    await page.get_by_role("button", name="Explore").click()
    answer = page.locator(".answer")
    await expect(answer).to_contain_text("is not known here")
    await answer.get_by_role("button", name="Photosynthesis").click()
    await expect(nodes(page).first).to_be_visible()


async def test_a_path_joins_two_concepts(page: Page) -> None:
    """From an open concept to another one found by search: the steps in words, and marked."""
    await explore(page, "photosynthesis")
    await page.get_by_role("button", name=re.compile("^Chlorophyll,")).click()
    await panel(page).get_by_role("button", name="Find a path").click()
    await page.get_by_role("combobox", name="Search the stored graph").fill("oxygen")
    await page.get_by_role("option", name=re.compile("^Oxygen")).first.click()

    path = page.get_by_role("complementary", name="Path")
    await expect(path).to_contain_text("Chlorophyll to Oxygen")
    await expect(path.get_by_role("listitem").last).to_contain_text("Oxygen")
    await expect(page.locator(".node.on-path")).not_to_have_count(0)


async def test_everything_can_be_done_by_keyboard(page: Page) -> None:
    """Enter explores, arrows move between concepts, Enter opens one, Escape closes it."""
    await page.goto("/")
    await expect(page.get_by_label("Topic")).to_be_focused()
    await page.keyboard.type("photosynthesis")
    await page.keyboard.press("Enter")
    await expect(status(page)).to_have_text(ENDED)

    await page.locator(".node[tabindex='0']").focus()
    first = await focused_label(page)
    for arrow in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
        await page.keyboard.press(arrow)
        if await focused_label(page) != first:
            break
    name = await focused_label(page)
    assert name != first

    await page.keyboard.press("Enter")
    await expect(panel(page).get_by_role("heading", level=2)).to_have_text(name.split(",")[0])
    await page.keyboard.press("Escape")
    await expect(panel(page)).to_be_hidden()
    assert await focused_label(page) == name


async def focused_label(page: Page) -> str:
    """What a screen reader would say of the element that has the focus."""
    return str(await page.evaluate("document.activeElement.getAttribute('aria-label')"))


async def test_a_lost_connection_loses_nothing(page: Page) -> None:
    """A socket that breaks in mid-growth is opened again after the last event, and no event comes twice."""
    subscribed_after: list[int] = []
    events: list[int] = []

    def proxy(client: WebSocketRoute) -> None:
        upstream = client.connect_to_server()
        breaks = not subscribed_after

        def from_page(message: str | bytes) -> None:
            payload = json.loads(message)
            if payload["type"] == "subscribe":
                subscribed_after.append(payload["payload"]["variables"]["after"])
            upstream.send(message)

        async def from_server(message: str | bytes) -> None:
            if breaks and len(events) == 2:
                await client.close(code=1012, reason="going down")
                return
            payload = json.loads(message)
            if payload["type"] == "next":
                events.append(payload["payload"]["data"]["explorationEvents"]["seq"])
            client.send(message)

        client.on_message(from_page)
        upstream.on_message(from_server)

    await page.route_web_socket(re.compile("/graphql$"), proxy)
    await explore(page, "photosynthesis")

    await expect(nodes(page)).to_have_count(40)
    assert subscribed_after == [0, 2]
    assert events == list(range(1, len(events) + 1))


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_phone_shows_it_whole(page: Page, scheme: str) -> None:
    """At a phone's width nothing sticks out at the side, in light and in dark."""
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await explore(page, "photosynthesis")
    await page.get_by_role("button", name=re.compile("^Photosynthesis,")).click()
    await expect(panel(page)).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
