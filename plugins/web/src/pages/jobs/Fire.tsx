/** What a fire would do now, what stands against it, and doing it. */
import { Alert, Skeleton, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { ActionButton } from "../../design/ActionButton";
import { Confirm } from "../../design/Confirm";
import { bytes, count } from "../../design/numbers";
import { Failure } from "../../design/States";
import { visible } from "../../design/text";
import { toast } from "../../design/toast";
import { api, path } from "../../lib/api";
import { useAction } from "../../lib/data";
import { useMay } from "../../lib/me";
import { fireTarget, type Resolved, type Target } from "../../pick/target";
import type { Fired, FirePreview, Plan } from "./jobs";
import styles from "./jobs.module.css";
import { type Options, planned } from "./Options";

/** Of obstacles that do not keep anybody from asking. */
const COLORS: Record<string, string> = { approval: "blue", author: "yellow" };

interface FireProps {
  job: string;
  target: Target;
  resolved: Resolved | null;
  options: Options;
}

export function Fire({ job, target, resolved, options }: FireProps) {
  const { t } = useTranslation("jobs");
  const may = useMay("operator");
  const plan: Plan | null =
    job && resolved && target.kind !== "none"
      ? { target: fireTarget(target, resolved), ...planned(options) }
      : null;
  const [settled] = useDebouncedValue(plan ? JSON.stringify({ job, plan }) : null, 300);
  const preview = useQuery({
    queryKey: ["fire-preview", settled],
    queryFn: ({ signal }) => {
      const asked = JSON.parse(settled ?? "") as { job: string; plan: Plan };
      return api.post<FirePreview>(path`/api/exec/${asked.job}/preview`, {
        query: { limit: 50 },
        json: asked.plan,
        signal,
      });
    },
    enabled: settled !== null && may,
    staleTime: 5_000,
    meta: { topics: ["kv:agent_groups", "emergency", "freezes", "approvals"] },
  });
  const current = plan !== null && settled === JSON.stringify({ job, plan });
  return (
    <aside className={styles.preview} aria-label={t("fire.title")}>
      <h2 className={styles.previewTitle}>{t("fire.title")}</h2>
      {plan === null && <p className="soft">{t(job ? "fire.needsTarget" : "fire.needsJob")}</p>}
      {plan !== null && preview.error && (
        <Failure error={preview.error} retry={() => void preview.refetch()} inline />
      )}
      {plan !== null && !preview.error && !preview.data && may && <Skeleton height={90} />}
      {plan !== null && preview.data && <Shown preview={preview.data} stale={!current} />}
      <Button
        job={job}
        plan={plan}
        preview={current ? preview.data : undefined}
        all={target.kind === "all"}
      />
    </aside>
  );
}

function Shown({ preview, stale }: { preview: FirePreview; stale: boolean }) {
  const { t, i18n } = useTranslation("jobs");
  const show = (value: number) => count(value, i18n.language);
  return (
    <div aria-live="polite" aria-busy={stale} className={stale ? styles.stale : undefined}>
      <p className={styles.number}>
        {t("fire.expected", { count: preview.expected.count, shown: show(preview.expected.count) })}
      </p>
      <ul className={styles.lines}>
        {preview.offline.count > 0 && (
          <li>{t("fire.offline", { count: preview.offline.count, shown: show(preview.offline.count) })}</li>
        )}
        {preview.unknown.count > 0 && (
          <li>
            {t("fire.unknown", { count: preview.unknown.count, shown: show(preview.unknown.count) })}{" "}
            <span className="mono">{preview.unknown.pcs.slice(0, 10).map(visible).join(" ")}</span>
          </li>
        )}
        {preview.duplicates > 0 && <li>{t("fire.duplicates", { count: preview.duplicates })}</li>}
        {preview.waves.length > 1 && <li>{t("fire.waves", { count: preview.waves.length })}</li>}
        <li className="soft">
          {t("fire.commands", {
            count: preview.commands,
            shown: show(preview.commands),
            size: bytes(preview.bytes),
          })}
        </li>
      </ul>
      {preview.obstacles.map((one) => (
        <Alert key={one.why + one.text} color={COLORS[one.why] ?? "red"} mb="xs">
          {one.why === "author" ? t("approvals.nobodys") : visible(one.text)}
        </Alert>
      ))}
      {preview.warnings.map((one) => (
        <Alert key={one} color="yellow" mb="xs">
          {visible(one)}
        </Alert>
      ))}
    </div>
  );
}

interface ButtonProps {
  job: string;
  plan: Plan | null;
  preview: FirePreview | undefined;
  all: boolean;
}

function Button({ job, plan, preview, all }: ButtonProps) {
  const { t, i18n } = useTranslation("jobs");
  const navigate = useNavigate();
  const admin = useMay("admin");
  const [asking, ask] = useState(false);
  const [override, setOverride] = useState("");
  const frozen = preview?.obstacles.some((one) => one.why === "frozen") ?? false;
  const fire = useAction({
    run: () =>
      api.post<Fired>(path`/api/exec/${job}`, {
        json: { ...plan, ...(frozen && override.trim() ? { override_freeze: override.trim() } : {}) },
      }),
    touches: ["executions", "approvals"],
    after: (fired) => {
      ask(false);
      for (const warning of fired.warnings ?? []) toast.done(warning);
      if (fired.approval) {
        toast.done(t("fire.waits"));
        void navigate("/approvals");
      } else void navigate(path`/executions/${fired.exec_id}`);
    },
  });
  const number = preview?.expected.count;
  const stands = preview?.obstacles.find((one) => !COLORS[one.why] && !(one.why === "frozen" && admin));
  const blocked =
    plan === null
      ? t(job ? "fire.needsTarget" : "fire.needsJob")
      : preview === undefined
        ? t("fire.looking")
        : (stands?.text ?? (number === 0 ? t("fire.nobody") : undefined));
  return (
    <>
      <ActionButton
        needs="operator"
        variant="filled"
        fullWidth
        blocked={blocked}
        leftSection={<IconPlayerPlay size={14} />}
        onClick={() => ask(true)}
      >
        {number === undefined
          ? t("fire.fire")
          : t("fire.fireAt", { count: number, shown: count(number, i18n.language) })}
      </ActionButton>
      <Confirm
        opened={asking && plan !== null}
        onClose={() => ask(false)}
        onConfirm={() => fire.mutate()}
        busy={fire.isPending}
        title={t("fire.confirm", { job: visible(job) })}
        action={t("fire.fire")}
        count={number}
        typed={all}
      >
        {t(all ? "fire.confirmAll" : "fire.confirmText", {
          count: number ?? 0,
          shown: count(number ?? 0, i18n.language),
        })}
        {frozen && (
          <TextInput
            mt="sm"
            label={t("fire.override")}
            value={override}
            onChange={(event) => setOverride(event.currentTarget.value)}
            required
            maxLength={500}
          />
        )}
      </Confirm>
    </>
  );
}
