"""GraphiQL in a real browser."""

import json

import pytest
from playwright.async_api import Locator, Page, expect

pytestmark = pytest.mark.browser


async def open_graphiql(page: Page) -> None:
    """Go there, and wait until the editors hold the first example."""
    await page.goto("/graphiql")
    await expect(page.locator(".graphiql-query-editor")).to_contain_text("startExploration")
    await expect(page.locator(".graphiql-editor-tool")).to_contain_text("photosynthesis")


async def open_tab(page: Page, name: str) -> None:
    """Change to another example, and wait until GraphiQL has noticed which operation it holds."""
    await page.get_by_role("tab", name=name).click()
    await page.wait_for_function(
        """name => {
            const { tabs, activeTabIndex } = JSON.parse(localStorage.getItem("graphiql:tabState") ?? '{"tabs": []}');
            return tabs[activeTabIndex]?.operationName === name;
        }""",
        arg=name,
    )


async def run(page: Page) -> Locator:
    """Send what the open tab holds; gives the place of the answer."""
    await page.get_by_role("button", name="Execute query").click()
    return page.locator(".result-window")


async def set_variables(page: Page, variables: dict[str, object]) -> None:
    """Replace the open tab's variables by pasting: the editor would complete what is typed."""
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.evaluate("text => navigator.clipboard.writeText(text)", json.dumps(variables))
    await page.locator(".graphiql-editor-tool .monaco-editor").first.click()
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.press("ControlOrMeta+v")


async def test_the_examples_start_an_exploration_and_watch_it_grow(page: Page) -> None:
    """The first tab starts an exploration; the second shows its events as they happen."""
    await open_graphiql(page)
    # The answer's text on the page is wrapped, so the id is taken from the wire.
    async with page.expect_response(lambda response: "Start" in (response.request.post_data or "")) as answered:
        answer = await run(page)
    await expect(answer).to_contain_text('"startExploration"')
    started = (await (await answered.value).json())["data"]["startExploration"]["exploration"]

    await open_tab(page, "Watch")
    await set_variables(page, {"id": started["id"]})
    async with page.expect_websocket() as opened:
        answer = await run(page)
    await expect(answer).to_contain_text('"explorationEvents"')
    await expect(answer).to_contain_text('"StatusChanged"')
    assert (await opened.value).url.endswith("/graphql")


async def test_a_query_is_answered(page: Page) -> None:
    """A query typed by hand is sent by POST, and its answer shown."""
    await open_graphiql(page)
    await open_tab(page, "Find")
    async with page.expect_response("**/graphql") as answered:
        answer = await run(page)
    assert (await answered.value).request.method == "POST"
    await expect(answer).to_contain_text('"totalCount"')


async def test_the_documentation_opens(page: Page) -> None:
    """The docs pane lists the schema's types and leads from one to the next."""
    await open_graphiql(page)
    await page.get_by_role("button", name="Documentation Explorer").click()
    docs = page.locator(".graphiql-plugin")
    await docs.get_by_role("link", name="Query", exact=True).first.click()
    await expect(docs).to_contain_text("exploration")
