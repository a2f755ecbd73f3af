// The page "Batteries": the levels as a table, the emptiest first.

export async function mount(element, kanade) {
  const answer = await kanade.fetch("/api/battery/levels");
  const levels = await answer.json();
  levels.sort((a, b) => a.percent - b.percent);
  const table = document.createElement("table");
  table.append(row("th", ["PC", "Charge", "Health", "At"]));
  for (const { pc_id, percent, health, at } of levels) {
    table.append(row("td", [pc_id, `${percent} %`, health === null ? "—" : `${health} %`, at]));
  }
  element.replaceChildren(table);
  return () => element.replaceChildren();
}

function row(kind, texts) {
  const made = document.createElement("tr");
  for (const text of texts) {
    const cell = document.createElement(kind);
    cell.textContent = text; // never innerHTML: a PC may be called anything
    made.append(cell);
  }
  return made;
}
