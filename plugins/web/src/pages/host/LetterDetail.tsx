/** One dead letter: its message, what went wrong, and what can be done. */
import { Group } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { Confirm } from "../../design/Confirm";
import { CopyButton } from "../../design/Id";
import { bytes } from "../../design/numbers";
import { Output } from "../../design/Output";
import { Loaded } from "../../design/States";
import { api, path } from "../../lib/api";
import { useAction, useApi } from "../../lib/data";

export interface Letter {
  id: number;
  projection: string;
  plugin: string;
  stream: string;
  sequence: number;
  subject: string;
  time: string;
  error: string;
  status: "waiting" | "replay";
  size: number;
  traceback?: string;
  body?: string;
  encoding?: "utf-8" | "base64";
}

function pretty(letter: Letter): string {
  const body = letter.body ?? "";
  if (letter.encoding !== "utf-8") return body;
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

export function LetterDetail({ id }: { id: number }) {
  const { t } = useTranslation("host");
  const letter = useApi<Letter>(path`/api/dead-letters/${id}`, { topics: ["dead-letters"] });
  const [asks, setAsks] = useState(false);
  const replay = useAction({
    run: () => api.post(path`/api/dead-letters/${id}/replay`),
    done: t("letters.replayDone", { count: 1 }),
    touches: ["dead-letters"],
  });
  const discard = useAction({
    run: () => api.post(path`/api/dead-letters/${id}/discard`),
    done: t("letters.discardDone", { count: 1 }),
    touches: ["dead-letters"],
    after: () => setAsks(false),
  });
  return (
    <Loaded of={letter}>
      {(found) => (
        <div>
          <Group gap="xs" mb="xs">
            <ActionButton needs="admin" loading={replay.isPending} onClick={() => replay.mutate()}>
              {t("letters.replay")}
            </ActionButton>
            <ActionButton needs="admin" onClick={() => setAsks(true)}>
              {t("letters.discard")}
            </ActionButton>
            <span className="soft">
              {t("letters.message", {
                stream: found.stream,
                sequence: found.sequence,
                size: bytes(found.size),
              })}
              {found.encoding === "base64" && ` · ${t("letters.binary")}`}
            </span>
            <CopyButton value={found.body ?? ""} label={t("letters.copy")} />
          </Group>
          <Output label={t("letters.body")} text={pretty(found)} />
          {found.traceback && (
            <details>
              <summary>{t("letters.traceback")}</summary>
              <Output label={t("letters.traceback")} text={found.traceback} />
            </details>
          )}
          <Confirm
            opened={asks}
            onClose={() => setAsks(false)}
            onConfirm={() => discard.mutate()}
            title={t("letters.askDiscard", { count: 1 })}
            action={t("letters.discard")}
            danger
            busy={discard.isPending}
          >
            {t("letters.discardAbout")}
          </Confirm>
        </div>
      )}
    </Loaded>
  );
}
