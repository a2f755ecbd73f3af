// The card "Low batteries" of the overview: how many there are, and which is the emptiest.

import { texts } from "./texts.js";

export async function mount(element, kanade) {
  const say = texts(kanade);
  const count = document.createElement("p");
  const which = document.createElement("p");
  element.replaceChildren(count, which);

  async function show() {
    const answer = await kanade.fetch("/api/battery/levels?low=true");
    if (!answer.ok) {
      count.textContent = await answer.text();
      return;
    }
    const [emptiest, ...others] = await answer.json();
    count.textContent = emptiest ? say.count(others.length + 1) : say.none;
    which.textContent = emptiest ? `${emptiest.pc_id}: ${emptiest.percent} %` : "";
  }

  await show();
  return kanade.live("battery", show);
}
