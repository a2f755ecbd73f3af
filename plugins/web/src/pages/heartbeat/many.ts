/** A dialog about many PCs. */
export interface ManyProps {
  /** Exactly these: what was selected is asked for before the dialog opens, so that its number is right. */
  ids: readonly string[];
  /** All of it is done: the selection goes, the dialog too. */
  onDone: () => void;
  onClose: () => void;
}
