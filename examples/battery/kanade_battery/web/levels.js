// The page "Batteries": the levels as a table, the emptiest first, all of them or the low ones.
// mount(element, kanade) draws into the element and returns what takes it away again.

import { texts } from "./texts.js";

export async function mount(element, kanade) {
  const say = texts(kanade);
  const only = document.createElement("input");
  only.type = "checkbox";
  const label = document.createElement("label");
  label.append(only, ` ${say.only}`);
  const table = document.createElement("table");
  const failed = document.createElement("p");
  failed.setAttribute("role", "alert");

  async function show() {
    const answer = await kanade.fetch(`/api/battery/levels?low=${only.checked}`);
    if (!answer.ok) {
      failed.textContent = await answer.text();
      return;
    }
    failed.textContent = "";
    const levels = await answer.json();
    levels.sort((a, b) => a.percent - b.percent);
    const caption = document.createElement("caption");
    caption.textContent = levels.length ? say.title : say.none;
    table.replaceChildren(caption, row("th", [say.pc, say.charge, say.health, say.at]));
    for (const { pc_id, percent, health, at, low } of levels) {
      const charge = low ? `${percent} % (${say.low})` : `${percent} %`;
      table.append(row("td", [pc_id, charge, health === null ? "—" : `${health} %`, at]));
    }
  }

  only.addEventListener("change", show);
  element.replaceChildren(label, failed, table);
  await show();
  return kanade.live("battery", show); // what the projector says has changed: asked again at once
}

function row(kind, cells) {
  const made = document.createElement("tr");
  for (const text of cells) {
    const cell = document.createElement(kind);
    if (kind === "th") cell.scope = "col";
    cell.textContent = text; // never innerHTML: a PC may be called anything
    made.append(cell);
  }
  return made;
}
