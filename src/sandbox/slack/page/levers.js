import { h } from "./element.js";

/** Buttons for what nobody can do from inside Slack, by group; nothing when there are none. */
export function drawLevers(levers, pull) {
  const groups = [...new Set(levers.map(({ group }) => group))];
  return groups.map((group) =>
    h(
      "section",
      { class: "levers" },
      h("h2", {}, group),
      h(
        "ul",
        {},
        levers
          .filter((lever) => lever.group === group)
          .map(({ id, label }) =>
            h("li", {}, h("button", { type: "button", onclick: () => void pull(id) }, label)),
          ),
      ),
    ),
  );
}
