/** What a rebuild of a plugin's tables would do, asked of the server before it begins. */
import { Checkbox } from "@mantine/core";
import { Fragment, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { absolute } from "../../design/Age";
import { Confirm } from "../../design/Confirm";
import { count } from "../../design/numbers";
import { Loaded } from "../../design/States";
import { api, path } from "../../lib/api";
import { useAction, useApi } from "../../lib/data";
import type { RebuildPlan } from "./host";
import styles from "./host.module.css";

export function RebuildDialog({ plugin, onClose }: { plugin: string | null; onClose: () => void }) {
  const { t } = useTranslation("host");
  const [lose, setLose] = useState(false);
  useEffect(() => {
    if (plugin !== null) setLose(false);
  }, [plugin]);
  const plan = useApi<RebuildPlan>(path`/api/rebuilds/${plugin ?? ""}`, { enabled: plugin !== null });
  const begin = useAction({
    run: () => api.post(path`/api/rebuilds/${plugin ?? ""}`, { json: { lose } }),
    done: t("rebuild.begun", { plugin }),
    touches: ["rebuilds"],
    after: onClose,
  });
  const losses = plan.data?.losses ?? [];
  return (
    <Confirm
      opened={plugin !== null}
      onClose={onClose}
      onConfirm={() => begin.mutate()}
      title={t("rebuild.ask", { plugin })}
      action={t("rebuild.begin")}
      danger={losses.length > 0}
      busy={begin.isPending}
      disabled={plan.data === undefined || (losses.length > 0 && !lose)}
    >
      <p>{t("rebuild.about")}</p>
      <Loaded of={plan}>
        {(found) => (
          <>
            <Plan plan={found} />
            {losses.length > 0 && (
              <>
                <ul className={styles.losses}>
                  {losses.map((one) => (
                    <li key={one}>{one}</li>
                  ))}
                </ul>
                <Checkbox
                  mt="sm"
                  label={t("rebuild.lose")}
                  checked={lose}
                  onChange={(event) => setLose(event.currentTarget.checked)}
                />
              </>
            )}
          </>
        )}
      </Loaded>
    </Confirm>
  );
}

function Plan({ plan }: { plan: RebuildPlan }) {
  const { t, i18n } = useTranslation("host");
  return (
    <dl className={styles.facts}>
      {plan.sources.map((one) => (
        <Fragment key={one.projection}>
          <dt>{one.projection}</dt>
          <dd>
            {t("rebuild.replays", { count: one.messages, stream: one.stream })}
            {one.begins && ` (${t("rebuild.since", { at: absolute(one.begins) })})`}
          </dd>
        </Fragment>
      ))}
      <dt>{t("rebuild.replaces")}</dt>
      <dd>
        {Object.entries(plan.replaces)
          .map(([table, rows]) => `${table} (${count(rows, i18n.language)})`)
          .join(", ")}
      </dd>
      {plan.keeps.length > 0 && (
        <>
          <dt>{t("rebuild.keeps")}</dt>
          <dd>{plan.keeps.join(", ")}</dd>
        </>
      )}
    </dl>
  );
}
