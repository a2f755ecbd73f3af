/** Buttons for what operators can do with one thing, in order; what ends or deletes something is marked. */
import { ActionButton } from "./ActionButton";

interface DoingButtonsProps<Doing extends string> {
  of: readonly Doing[];
  danger: (what: Doing) => boolean;
  label: (what: Doing) => string;
  onAsk: (what: Doing) => void;
}

export function DoingButtons<Doing extends string>({ of, danger, label, onAsk }: DoingButtonsProps<Doing>) {
  return of.map((what) => (
    <ActionButton key={what} needs="operator" danger={danger(what)} onClick={() => onAsk(what)}>
      {label(what)}
    </ActionButton>
  ));
}
