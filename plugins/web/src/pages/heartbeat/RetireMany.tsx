/** Takes a selection of PCs out of the list; those that are online stay, unless one insists. */
import { Button, Checkbox, Group, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Question } from "../../design/Confirm";
import { count } from "../../design/numbers";
import { visible } from "../../design/text";
import { api } from "../../lib/api";
import { useAction } from "../../lib/data";
import type { ManyProps } from "./many";

/** The server's own bound (docs/fleet.md). */
const AT_ONCE = 1_000;
const SHOWN = 20;

interface Retired {
  retired: string[];
  left_out: string[];
  unknown: string[];
}

export function RetireMany({ ids, onDone, onClose }: ManyProps) {
  const { t, i18n } = useTranslation("heartbeat");
  const [reason, setReason] = useState("");
  const [even, setEven] = useState(false);
  const shown = count(ids.length, i18n.language);
  const retire = useAction<void, Retired>({
    run: () =>
      api.post<Retired>("/api/fleet/retire", {
        json: { names: ids, expected: ids.length, reason: reason.trim() || null, even_online: even },
      }),
    touches: ["agents", "moves", "kv:agent_groups"],
  });
  if (retire.data) return <Outcome of={retire.data} onDone={onDone} />;
  const many = ids.length > AT_ONCE;
  return (
    <Question
      onClose={onClose}
      onConfirm={() => retire.mutate()}
      action={t("many.retire", { count: ids.length, shown })}
      danger
      count={ids.length}
      busy={retire.isPending}
      disabled={many}
    >
      <Stack gap="sm">
        {many ? (
          <Text size="sm" role="alert">
            {t("many.retireTooMany", { most: count(AT_ONCE, i18n.language) })}
          </Text>
        ) : (
          <Text size="sm">{t("many.retireText")}</Text>
        )}
        <TextInput
          label={t("leaving.reason")}
          maxLength={1_000}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Checkbox
          label={t("many.evenOnline")}
          description={t("many.evenOnlineText")}
          checked={even}
          onChange={(event) => setEven(event.currentTarget.checked)}
        />
      </Stack>
    </Question>
  );
}

/** What came of it: whom it left out stays on the screen until it is read. */
function Outcome({ of, onDone }: { of: Retired; onDone: () => void }) {
  const { t, i18n } = useTranslation("heartbeat");
  const left = of.left_out;
  return (
    <Stack gap="sm" role="status">
      <Text>
        {t("many.retired", { count: of.retired.length, shown: count(of.retired.length, i18n.language) })}
      </Text>
      {left.length > 0 && (
        <div>
          {t("many.leftOut", { count: left.length, shown: count(left.length, i18n.language) })}
          <ul>
            {left.slice(0, SHOWN).map((one) => (
              <li key={one} className="mono">
                {visible(one)}
              </li>
            ))}
          </ul>
          {left.length > SHOWN && (
            <Text size="sm">
              {t("many.andMore", {
                count: left.length - SHOWN,
                shown: count(left.length - SHOWN, i18n.language),
              })}
            </Text>
          )}
        </div>
      )}
      {of.unknown.length > 0 && (
        <Text size="sm">
          {t("many.unknown", { count: of.unknown.length, shown: count(of.unknown.length, i18n.language) })}
        </Text>
      )}
      <Group justify="flex-end" gap="xs">
        {of.retired.length > 0 && (
          <Button component={Link} to="/lifecycle">
            {t("many.seeRetired")}
          </Button>
        )}
        <Button variant="filled" onClick={onDone} data-autofocus>
          {t("close")}
        </Button>
      </Group>
    </Stack>
  );
}
