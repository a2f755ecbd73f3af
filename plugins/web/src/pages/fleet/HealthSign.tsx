/** Is the fleet well? One word in the shell, with the numbers behind it and the lists behind those. */

import { Popover, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "react-router";
import { count } from "../../design/numbers";
import { PageLink } from "../../design/PageLink";
import { Status, type Tone } from "../../design/Status";
import { visible } from "../../design/text";
import { type FleetHealth, useFleetHealth } from "../../lib/fleetHealth";
import { useHasPage } from "../../lib/plugins";
import { listUrl } from "../../list/state";
import { useAgentsKept } from "../../pick/AgentsKept";
import type { SignProps } from "../signs";
import styles from "./fleet.module.css";

const SECONDS = 15;
const TOPICS = ["results"] as const;

interface Standing {
  tone: Tone;
  word: string;
}

/** What is worst is what is said; null: nothing is wrong, and who would report is not watched. */
function useStanding(health: FleetHealth | undefined, lost: boolean): Standing | null {
  const { t, i18n } = useTranslation("fleet");
  const watched = useAgentsKept();
  if (lost) return { tone: "wait", word: t("health.unasked") };
  if (!health) return watched ? { tone: "wait", word: t("health.asking") } : null;
  const { agents, jetstream, status } = health;
  if (!jetstream.all_ok) return { tone: "bad", word: t("health.broker") };
  if (watched && agents.stale > 0) {
    const shown = count(agents.stale, i18n.language);
    return { tone: "warn", word: t("health.silent", { count: agents.stale, shown }) };
  }
  if (status === "degraded") return { tone: "bad", word: t("health.database") };
  if (!watched) return null;
  return status === "ok" ? { tone: "ok", word: t("health.well") } : { tone: "off", word: t("health.nobody") };
}

export default function HealthSign({ compact }: SignProps) {
  const { t } = useTranslation("fleet");
  const health = useFleetHealth(TOPICS, SECONDS);
  const [opened, { toggle, close }] = useDisclosure(false);
  const { pathname, search } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever went somewhere has seen it
  useEffect(close, [pathname, search]);
  const standing = useStanding(health.data, health.data === undefined && health.error !== null);
  if (standing === null) return null;
  const { tone, word } = standing;
  if (compact && tone === "ok") return null; // beside the sign of the stream, a second one only where it matters
  return (
    <Popover
      opened={opened}
      onChange={(next) => !next && close()}
      position="right-end"
      withinPortal
      trapFocus
    >
      <Popover.Target>
        <UnstyledButton
          className={styles.sign}
          onClick={toggle}
          aria-label={t("health.label", { word })}
          aria-haspopup="dialog"
          aria-expanded={opened}
        >
          <Status tone={tone}>{compact ? <span className="hidden-label">{word}</span> : word}</Status>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        {health.data ? <Numbers of={health.data} /> : <p className="soft">{t("health.unaskedText")}</p>}
      </Popover.Dropdown>
    </Popover>
  );
}

function Numbers({ of: { agents, jetstream, recent_results: results } }: { of: FleetHealth }) {
  const { t, i18n } = useTranslation("fleet");
  const shown = (value: number) => count(value, i18n.language);
  const state = (value: string) => listUrl("/agents", { filters: [{ field: "state", op: "eq", value }] });
  const failed = "/activity?view=results&f=status:eq:failure";
  return (
    <ul className={styles.health}>
      <Numbered page="heartbeat.agents" to={state(agents.stale > 0 ? "stale" : "active")}>
        <Status tone={agents.stale > 0 ? "warn" : "ok"}>
          {t("health.agents", {
            active: shown(agents.active),
            count: agents.known,
            known: shown(agents.known),
          })}
        </Status>
      </Numbered>
      <Numbered page="results.activity" to={results.failed > 0 ? failed : "/activity?view=results"}>
        <Status tone={results.failed > 0 ? "warn" : "ok"}>
          {t("health.results", {
            failed: shown(results.failed),
            count: results.total,
            total: shown(results.total),
            hours: results.window_hours,
          })}
        </Status>
      </Numbered>
      <Numbered page="web.broker" to="/broker">
        <Status tone={jetstream.all_ok ? "ok" : "bad"}>
          {t("health.resources", { healthy: jetstream.healthy, count: jetstream.total })}
        </Status>
      </Numbered>
      {jetstream.missing.length > 0 && (
        <li className="soft">{t("health.missing", { names: jetstream.missing.map(visible).join(", ") })}</li>
      )}
    </ul>
  );
}

/** A line that leads to the rows behind it; none where the plugin that counts them does not run. */
function Numbered({ page, to, children }: { page: string; to: string; children: ReactNode }) {
  const there = useHasPage();
  return (
    there(page) && (
      <li>
        <PageLink to={to}>{children}</PageLink>
      </li>
    )
  );
}
