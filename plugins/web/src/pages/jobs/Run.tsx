/** Running something: a job of the catalogue at many PCs, or a script on one, with a look at who that is. */

import { Alert, Button, NumberInput, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { IconHandStop, IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { ActionButton } from "../../design/ActionButton";
import { PageHead, Section } from "../../design/PageHead";
import { PageLink } from "../../design/PageLink";
import { Segments } from "../../design/Segments";
import { Loaded } from "../../design/States";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import { useAction, useApi } from "../../lib/data";
import { choice, type Param, text, useUrlState } from "../../lib/urlState";
import { TargetPicker } from "../../pick/TargetPicker";
import type { Resolved } from "../../pick/target";
import { NOBODY, readTarget, type Target, writeTarget } from "../../pick/target";
import { Fire } from "./Fire";
import type { Emergency, Job } from "./jobs";
import styles from "./jobs.module.css";
import { NO_OPTIONS, OptionFields, type Options } from "./Options";
import { type RunResult, ScriptResult } from "./ScriptResult";

const target: Param<Target> = {
  fallback: NOBODY,
  read: (values) => readTarget(values[0]),
  write: (value) => [writeTarget(value)],
};
const shape = { kind: choice(["job", "script"] as const, "job"), job: text(), target };

export default function Run() {
  const { t } = useTranslation("jobs");
  const [{ kind }, set] = useUrlState(shape);
  const emergency = useApi<Emergency>("/api/emergency", { topics: ["emergency"] });
  return (
    <>
      <PageHead
        title={t("run.title")}
        about={t("run.about")}
        actions={
          <>
            <Segments
              label={t("run.kind")}
              value={kind}
              onChange={(next) => set({ kind: next as "job" | "script" }, { push: true })}
              data={[
                { value: "job", label: t("run.aJob") },
                { value: "script", label: t("run.aScript") },
              ]}
            />
            <Button component={Link} to="/emergency" color="red" leftSection={<IconHandStop size={14} />}>
              {t("stop.title")}
            </Button>
          </>
        }
      />
      {emergency.data?.paused && (
        <Alert color="red" title={t("stop.paused")} mb="md">
          {visible(emergency.data.reason ?? "")} <PageLink to="/emergency">{t("stop.look")}</PageLink>
        </Alert>
      )}
      {kind === "job" ? <OfJob /> : <OfScript />}
    </>
  );
}

function OfJob() {
  const { t } = useTranslation("jobs");
  const [{ job, target }, set] = useUrlState(shape);
  const [resolved, setResolved] = useState<Resolved | null>(null);
  const [options, setOptions] = useState<Options>(NO_OPTIONS);
  const jobs = useApi<Job[]>("/api/jobs", { topics: ["jobs", "kv:jobs"] });
  return (
    <Loaded of={jobs}>
      {(all) => (
        <div className={styles.columns}>
          <Stack gap="md">
            <Select
              label={t("run.job")}
              placeholder={t("run.chooseJob")}
              searchable
              data={all.map((one) => ({ value: one.id, label: `${one.id} · ${one.version}` }))}
              value={job || null}
              onChange={(value) => set({ job: value ?? "" })}
              nothingFoundMessage={all.length === 0 ? t("catalog.emptyTitle") : t("catalog.noneTitle")}
              description={all.find((one) => one.id === job)?.description ?? undefined}
            />
            <TargetPicker
              value={target}
              onChange={(value) => set({ target: value })}
              onResolved={setResolved}
              label={t("run.targets")}
            />
            <OptionFields value={options} onChange={setOptions} />
          </Stack>
          <Fire job={job} target={target} resolved={resolved} options={options} />
        </div>
      )}
    </Loaded>
  );
}

function OfScript() {
  const { t } = useTranslation("jobs");
  const navigate = useNavigate();
  const [{ target }] = useUrlState(shape);
  const given = target.kind === "names" ? (target.names[0] ?? "") : "";
  const [pc, setPc] = useState(given);
  const [shell, setShell] = useState("powershell");
  const [script, setScript] = useState("");
  const [seconds, setSeconds] = useState<string | number>(60);
  const [jobId, setJobId] = useState("");
  const action = useAction({
    run: () =>
      api.post<RunResult>("/api/run", {
        json: {
          pc_id: pc.trim(),
          shell,
          script,
          timeout_secs: Number(seconds) || 60,
          job_id: jobId.trim() || undefined,
        },
      }),
  });
  const ready = pc.trim() !== "" && script.trim() !== "";
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !action.isPending) action.mutate();
      }}
    >
      <Stack gap="md" className={styles.narrow}>
        <TextInput
          label={t("run.pc")}
          value={pc}
          onChange={(event) => setPc(event.currentTarget.value)}
          spellCheck={false}
          autoComplete="off"
        />
        <div className={styles.pair}>
          <Select
            label={t("run.shell")}
            data={["powershell", "cmd"]}
            value={shell}
            onChange={(value) => setShell(value ?? "powershell")}
            allowDeselect={false}
          />
          <NumberInput label={t("run.timeout")} min={1} max={86_400} value={seconds} onChange={setSeconds} />
        </div>
        <TextInput
          label={t("run.jobId")}
          description={t("run.jobIdHelp")}
          value={jobId}
          onChange={(event) => setJobId(event.currentTarget.value)}
          spellCheck={false}
          autoComplete="off"
          classNames={{ input: "mono" }}
        />
        <Textarea
          label={t("run.script")}
          autosize
          minRows={6}
          maxRows={24}
          spellCheck={false}
          value={script}
          onChange={(event) => setScript(event.currentTarget.value)}
          classNames={{ input: "mono" }}
        />
        <div>
          <ActionButton
            needs="operator"
            type="submit"
            variant="filled"
            loading={action.isPending}
            blocked={ready ? undefined : t("run.scriptNeeds")}
            leftSection={<IconPlayerPlay size={14} />}
          >
            {t("run.now")}
          </ActionButton>{" "}
          {action.isPending && <span className="soft">{t("run.waiting")}</span>}
        </div>
      </Stack>
      {action.data && (
        <Section
          title={t("run.result")}
          actions={
            action.data.result_id && (
              <Button
                size="compact-xs"
                onClick={() => void navigate(path`/activity/${action.data.result_id}`)}
              >
                {t("run.open")}
              </Button>
            )
          }
        >
          <ScriptResult result={action.data} />
        </Section>
      )}
    </form>
  );
}
