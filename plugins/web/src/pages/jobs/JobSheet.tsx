/** One job beside the list: what it is, how it stands, and what can be done with it. */

import { Button, Group, Stack } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { DoingButtons } from "../../design/DoingButtons";
import { Facts } from "../../design/Facts";
import { PageLink } from "../../design/PageLink";
import { Sheet } from "../../design/Sheet";
import { Status } from "../../design/Status";
import { visible } from "../../design/text";
import { path } from "../../lib/api";
import { listUrl } from "../../list/state";
import { type Doing, doings } from "./doings";
import { type Job, kindOf } from "./jobs";

interface JobSheetProps {
  /** Undefined: none is open. */
  job: Job | undefined;
  revoked: boolean;
  onAsk: (what: Doing) => void;
  onClose: () => void;
}

export function JobSheet({ job, revoked, onAsk, onClose }: JobSheetProps) {
  return (
    <Sheet opened={job !== undefined} onClose={onClose} title={visible(job?.id ?? "")}>
      {job && <Body job={job} revoked={revoked} onAsk={onAsk} />}
    </Sheet>
  );
}

function Body({ job, revoked, onAsk }: { job: Job; revoked: boolean; onAsk: (what: Doing) => void }) {
  const { t } = useTranslation("jobs");
  const { execute } = job;
  return (
    <Stack gap="md">
      {job.description && <div>{visible(job.description)}</div>}
      <Group gap="xs">
        <Button
          component={Link}
          to={`/run?job=${encodeURIComponent(job.id)}`}
          variant="filled"
          leftSection={<IconPlayerPlay size={14} />}
        >
          {t("do.run")}
        </Button>
        <Button component={Link} to={path`/jobs/${job.id}`}>
          {t("do.edit")}
        </Button>
        <DoingButtons
          of={doings(job, revoked)}
          danger={(what) => what === "kill" || what === "delete"}
          label={(what) => t(`do.${what}`)}
          onAsk={onAsk}
        />
      </Group>
      <Facts
        of={[
          [t("column.state"), <JobMark key="state" revoked={revoked} />],
          [
            t("column.version"),
            <span key="version" className="mono">
              {visible(job.version)}
            </span>,
          ],
          [t("column.kind"), t(kindOf(job))],
          [t("sheet.shell"), visible(execute.shell)],
          [t("sheet.runAs"), execute.run_as && visible(execute.run_as)],
          [t("sheet.folder"), execute.cwd && <span className="mono">{visible(execute.cwd)}</span>],
          [t("sheet.timeout"), visible(execute.timeout)],
          [
            t("sheet.object"),
            execute.script_object && <span className="mono">{visible(execute.script_object)}</span>,
          ],
          [t("sheet.approval"), job.require_approval && t("sheet.asked")],
          [
            t("column.live"),
            <PageLink
              key="live"
              to={listUrl("/activity", { filters: [{ field: "job_id", op: "eq", value: job.id }] })}
            >
              {t("sheet.live", { running: job.live.running, pending: job.live.pending })}
            </PageLink>,
          ],
        ]}
      />
    </Stack>
  );
}

export function JobMark({ revoked }: { revoked: boolean }) {
  const { t } = useTranslation("jobs");
  return <Status tone={revoked ? "off" : "ok"}>{t(revoked ? "state.revoked" : "state.active")}</Status>;
}
