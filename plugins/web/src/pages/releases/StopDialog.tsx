/** Setting a scope back: to the version of before, or to none. */
import { useTranslation } from "react-i18next";
import { Confirm } from "../../design/Confirm";
import { visible } from "../../design/text";
import { useAction } from "../../lib/data";
import { type Scope, stop, useBefore } from "./releases";
import { useScopeName } from "./ScopeName";

interface StopDialogProps {
  version: string;
  /** Null: closed. */
  scope: Scope | null;
  onClose: () => void;
}

export function StopDialog({ version, scope, onClose }: StopDialogProps) {
  const { t } = useTranslation("releases");
  const name = useScopeName();
  const before = useBefore(scope, version);
  const action = useAction<Scope, { version: string | null }>({
    run: (one) => stop(version, one),
    done: (now) => (now.version ? t("stop.doneTo", { version: visible(now.version) }) : t("stop.done")),
    touches: ["kv:agent_config"],
    after: onClose,
  });
  const to = before.data?.version;
  return (
    <Confirm
      opened={scope !== null}
      onClose={onClose}
      onConfirm={() => scope && action.mutate(scope)}
      title={scope ? t("stop.title", { version: visible(version), scope: name(scope) }) : ""}
      action={t("stop.do")}
      busy={action.isPending}
      disabled={before.data === undefined}
      danger
    >
      {before.data && (to ? t("stop.to", { version: visible(to) }) : t("stop.toNone"))}
    </Confirm>
  );
}
