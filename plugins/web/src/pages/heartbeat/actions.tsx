/** What can be done with several agents at once. */
import { Modal } from "@mantine/core";
import {
  IconClipboard,
  IconFolderMinus,
  IconFolderPlus,
  IconPlayerPlay,
  IconTags,
  IconTrash,
} from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { count } from "../../design/numbers";
import { copy } from "../../design/text";
import { toast } from "../../design/toast";
import { useHasPage } from "../../lib/plugins";
import type { BulkAction, Selected } from "../../list/types";
import { targetUrl } from "../../pick/target";
import { AttributesOfMany } from "./AttributesOfMany";
import type { AgentRow } from "./agents";
import { GroupsOfMany } from "./GroupsOfMany";
import { RetireMany } from "./RetireMany";

const DIALOGS = {
  add: IconFolderPlus,
  remove: IconFolderMinus,
  attributes: IconTags,
  retire: IconTrash,
};
type Kind = keyof typeof DIALOGS;

interface Doing {
  kind: Kind;
  ids: readonly string[];
  clear: () => void;
}

export function useAgentActions() {
  const { t } = useTranslation("heartbeat");
  const navigate = useNavigate();
  const there = useHasPage();
  const [doing, setDoing] = useState<Doing | null>(null);
  const actions = useMemo<BulkAction<AgentRow>[]>(() => {
    const dialog = (kind: Kind): BulkAction<AgentRow> => ({
      id: kind,
      title: t(`action.${kind}`),
      icon: DIALOGS[kind],
      role: "operator",
      danger: kind === "retire",
      run: async (selected) => {
        try {
          setDoing({ kind, ids: await selected.ids(), clear: selected.clear });
        } catch (error) {
          toast.failed(error);
        }
      },
    });
    const made: BulkAction<AgentRow>[] = [
      dialog("add"),
      dialog("remove"),
      dialog("attributes"),
      {
        id: "copy",
        title: t("action.copy"),
        icon: IconClipboard,
        run: (selected) => void copyNames(selected, t("action.copied")),
      },
      dialog("retire"),
    ];
    if (there("jobs.run")) {
      made.unshift({
        id: "run",
        title: t("action.run"),
        icon: IconPlayerPlay,
        role: "operator",
        run: async (selected) => {
          try {
            void navigate(targetUrl("/run", { kind: "names", names: await selected.ids() }));
          } catch (error) {
            toast.failed(error);
          }
        },
      });
    }
    return made;
  }, [t, there, navigate]);
  const dialogs = <Dialog doing={doing} onClose={() => setDoing(null)} />;
  return { actions, dialogs };
}

function Dialog({ doing, onClose }: { doing: Doing | null; onClose: () => void }) {
  const { t, i18n } = useTranslation("heartbeat");
  if (!doing) return <Modal opened={false} onClose={onClose} />;
  const { kind, ids } = doing;
  const many = {
    ids,
    onClose,
    onDone: () => {
      doing.clear();
      onClose();
    },
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size={kind === "attributes" ? "lg" : undefined}
      title={t(`many.title_${kind}`, { count: ids.length, shown: count(ids.length, i18n.language) })}
    >
      {(kind === "add" || kind === "remove") && <GroupsOfMany kind={kind} {...many} />}
      {kind === "attributes" && <AttributesOfMany {...many} />}
      {kind === "retire" && <RetireMany {...many} />}
    </Modal>
  );
}

async function copyNames(selected: Selected<AgentRow>, said: string): Promise<void> {
  try {
    if (await copy((await selected.ids()).join("\n"))) toast.done(said);
  } catch (error) {
    toast.failed(error);
  }
}
