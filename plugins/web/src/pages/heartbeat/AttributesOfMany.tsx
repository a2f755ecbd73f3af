/** Sets or deletes one own attribute on a whole selection. */
import { Group, Select, Stack } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Question } from "../../design/Confirm";
import { count } from "../../design/numbers";
import { Segments } from "../../design/Segments";
import { api } from "../../lib/api";
import { useAction } from "../../lib/data";
import { useAttributes } from "../../pick/agentFields";
import { AttributeFields, isWhole, NO_ATTRIBUTE } from "./AttributeFields";
import type { ManyProps } from "./many";

interface Changed {
  pcs: number;
  changed: number;
  unknown: string[];
}

const WAYS = ["set", "delete"] as const;

export function AttributesOfMany({ ids, onDone, onClose }: ManyProps) {
  const { t, i18n } = useTranslation("heartbeat");
  const [way, setWay] = useState<(typeof WAYS)[number]>("set");
  const [draft, setDraft] = useState(NO_ATTRIBUTE);
  const known = useAttributes();
  const name = draft.name.trim();
  const change = useAction<void, Changed>({
    run: () => {
      const what =
        way === "set" ? { set: { [name]: { value: draft.value, type: draft.type } } } : { delete: [name] };
      return api.post<Changed>("/api/fleet/attributes", { json: { names: ids, ...what } });
    },
    done: (answer) =>
      t("many.attributesDone", {
        count: answer.changed,
        shown: count(answer.changed, i18n.language),
        name,
      }),
    touches: ["agents"],
    after: onDone,
  });
  return (
    <Question
      onClose={onClose}
      onConfirm={() => change.mutate()}
      action={t(`many.${way}`, { count: ids.length, shown: count(ids.length, i18n.language) })}
      danger={way === "delete"}
      count={ids.length}
      busy={change.isPending}
      disabled={way === "set" ? !isWhole(draft) : name === ""}
    >
      <Stack gap="sm">
        <Segments
          label={t("many.way")}
          value={way}
          onChange={(next) => {
            setWay(next as (typeof WAYS)[number]);
            setDraft(NO_ATTRIBUTE);
          }}
          data={WAYS.map((value) => ({ value, label: t(`many.way_${value}`) }))}
        />
        {way === "set" ? (
          <Group align="flex-end" gap="xs">
            <AttributeFields draft={draft} onChange={setDraft} disabled={change.isPending} />
          </Group>
        ) : (
          <Select
            label={t("agent.attributeName")}
            data={known.map((one) => one.name)}
            value={draft.name || null}
            onChange={(name) => setDraft({ ...draft, name: name ?? "" })}
            searchable
            nothingFoundMessage={t("many.noAttribute")}
            disabled={change.isPending}
          />
        )}
      </Stack>
    </Question>
  );
}
