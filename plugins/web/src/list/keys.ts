/** The keyboard in a list: `j` `k` move, `x` selects, Enter opens, `/` searches, Esc goes back. */
import { type RefObject, useEffect, useRef } from "react";

export interface KeyActions {
  move: (by: number) => void;
  edge: (end: "first" | "last") => void;
  select: (range: boolean) => void;
  open: () => void;
  search: () => void;
  /** Answers whether there was anything to go back from. */
  back: () => boolean;
}

/** Where typing means text, or where something lies over the page. */
function elsewhere(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("[role=dialog], [role=menu], [role=listbox]")) return true;
  return target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox])");
}

const STEPS: Record<string, number> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: 15, PageUp: -15 };

/** Keys count while the list is on the page; arrows only while it, or nothing, has the focus. */
export function useListKeys(box: RefObject<HTMLElement | null>, actions: KeyActions): void {
  const newest = useRef(actions);
  newest.current = actions;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (elsewhere(event.target) || document.querySelector("[role=dialog][aria-modal=true]")) return;
      const here =
        event.target === document.body ||
        (event.target instanceof Node && box.current?.contains(event.target));
      const act = newest.current;
      const onControl = event.target instanceof HTMLElement && event.target.closest("a, button") !== null;
      const step = STEPS[event.key];
      if (step !== undefined && (here || event.key.length === 1)) act.move(step);
      else if ((event.key === "Home" || event.key === "End") && here)
        act.edge(event.key === "Home" ? "first" : "last");
      else if (event.key.toLowerCase() === "x") act.select(event.shiftKey);
      else if (event.key === "Enter" && here && !onControl) act.open();
      else if (event.key === "/") act.search();
      else if (event.key !== "Escape" || !act.back()) return;
      event.preventDefault();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [box]);
}
