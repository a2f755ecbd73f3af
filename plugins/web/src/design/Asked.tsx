/** What somebody wants to do to a thing: asked first, then done, and said. */
import { useAction } from "../lib/data";
import { Confirm, type ConfirmProps } from "./Confirm";

interface AskedProps<Wish, Answer> {
  /** Null: nothing is asked. */
  asked: Wish | null;
  question: (wish: Wish) => Omit<ConfirmProps, "opened" | "onClose" | "onConfirm" | "busy">;
  /** `reason` is what was written where the question asks for one. */
  run: (wish: Wish, reason: string) => Promise<Answer>;
  done: (wish: Wish, answer: Answer) => string;
  touches: readonly string[];
  onClose: () => void;
  onDone?: (wish: Wish, answer: Answer) => void;
}

export function Asked<Wish, Answer>(props: AskedProps<Wish, Answer>) {
  const { asked, question, run, done, touches, onClose, onDone } = props;
  const action = useAction({
    run: ({ wish, reason }: { wish: Wish; reason: string }) => run(wish, reason),
    done: (answer, { wish }) => done(wish, answer),
    touches,
    after: (answer, { wish }) => {
      onClose();
      onDone?.(wish, answer);
    },
  });
  if (asked === null) return null;
  return (
    <Confirm
      {...question(asked)}
      opened
      onClose={onClose}
      onConfirm={(reason) => action.mutate({ wish: asked, reason })}
      busy={action.isPending}
    />
  );
}
