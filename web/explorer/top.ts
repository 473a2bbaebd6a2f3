// The bar at the top: home, search, and the way to GraphiQL.
import { h } from "./dom";
import { icon, mark } from "./icons";

export function topBar(search: HTMLElement, home: () => void): HTMLElement {
  const goHome = (event: MouseEvent): void => {
    event.preventDefault();
    home();
  };
  return h(
    "header",
    { class: "top" },
    h(
      "a",
      { class: "brand", href: "./", "aria-label": "Continuum, start page", onclick: goHome },
      mark(),
      h("span", {}, "Continuum"),
    ),
    search,
    h(
      "nav",
      { "aria-label": "Pages" },
      h("button", { type: "button", class: "new-topic", onclick: home }, icon("plus"), h("span", {}, "New topic")),
      h("a", { class: "api", href: "graphiql" }, "GraphiQL"),
    ),
  );
}
