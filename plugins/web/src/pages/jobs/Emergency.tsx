/** The emergency stop: pause everything, kill what runs, take back what was not delivered; and go on. */

import { Alert } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { Age } from "../../design/Age";
import { Confirm } from "../../design/Confirm";
import { count } from "../../design/numbers";
import { PageHead } from "../../design/PageHead";
import { PageLink } from "../../design/PageLink";
import { Loaded } from "../../design/States";
import { Status } from "../../design/Status";
import { visible } from "../../design/text";
import { api } from "../../lib/api";
import { useAction, useApi } from "../../lib/data";
import { listUrl } from "../../list/state";
import type { Emergency as State } from "./jobs";
import styles from "./jobs.module.css";

type Act = "pause" | "kill" | "clear";
const ACTS: readonly Act[] = ["pause", "kill", "clear"];

export default function Emergency() {
  const { t } = useTranslation("jobs");
  const state = useApi<State>("/api/emergency", { topics: ["emergency", "executions", "results"] });
  return (
    <>
      <PageHead title={t("stop.title")} about={t("stop.about")} />
      <Loaded of={state}>{(found) => <Shown state={found} />}</Loaded>
    </>
  );
}

function Standing({ open }: { open: number }) {
  const { t, i18n } = useTranslation("jobs");
  const words = t("stop.open", { count: open, shown: count(open, i18n.language) });
  const to = listUrl("/activity", { filters: [{ field: "status", op: "eq", value: "running" }] });
  return (
    <div className={styles.standing}>
      <Status tone="ok">{t("stop.running")}</Status>
      <Status tone={open > 0 ? "run" : "off"}>
        <PageLink to={to}>{words}</PageLink>
      </Status>
    </div>
  );
}

function Shown({ state }: { state: State }) {
  const { t } = useTranslation("jobs");
  const [asked, ask] = useState<Act | null>(null);
  const act = useAction({
    run: ({ what, reason }: { what: Act; reason: string }) =>
      api.post(`/api/emergency/${what}`, { json: { reason } }),
    done: (_, { what }) => t(`stop.done.${what}`),
    touches: ["emergency", "executions"],
    after: () => ask(null),
  });
  const resume = useAction({
    run: () => api.post("/api/emergency/resume"),
    done: t("stop.done.resume"),
    touches: ["emergency"],
  });
  return (
    <>
      {state.paused ? (
        <Alert color="red" title={t("stop.paused")} mb="md">
          <p>
            {visible(state.reason ?? "")} — {visible(state.by ?? "")}, <Age at={state.since} />
          </p>
          <ActionButton needs="operator" loading={resume.isPending} onClick={() => resume.mutate()}>
            {t("stop.resume")}
          </ActionButton>
        </Alert>
      ) : (
        <Standing open={state.open} />
      )}
      <div className={styles.acts}>
        {ACTS.map((what) => (
          <section key={what} className={styles.act}>
            <h2>{t(`stop.act.${what}`)}</h2>
            <p className="soft">{t(`stop.text.${what}`)}</p>
            <ActionButton
              needs="operator"
              danger
              blocked={what === "pause" && state.paused ? t("stop.paused") : undefined}
              onClick={() => ask(what)}
            >
              {t(`stop.act.${what}`)}
            </ActionButton>
          </section>
        ))}
      </div>
      <Confirm
        opened={asked !== null}
        onClose={() => ask(null)}
        onConfirm={(reason) => asked && act.mutate({ what: asked, reason })}
        busy={act.isPending}
        danger
        title={asked ? t(`stop.act.${asked}`) : ""}
        action={asked ? t(`stop.act.${asked}`) : ""}
        count={asked === "kill" && state.open > 0 ? state.open : undefined}
        reason={t("stop.reason")}
      >
        {asked && t(`stop.text.${asked}`)}
      </Confirm>
    </>
  );
}
