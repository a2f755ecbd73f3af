/** Which version is meant for whom, how far it has come, and stopping it. */

import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { Age } from "../../design/Age";
import { count } from "../../design/numbers";
import { PageLink } from "../../design/PageLink";
import { Empty, Loaded } from "../../design/States";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { ReachBar } from "./ReachBar";
import { scopeOf, type Target, useTargets } from "./releases";
import { ScopeName } from "./ScopeName";
import { StopDialog } from "./StopDialog";

const FEW = 20;
const MANY = 200;

export function Targets() {
  const { t, i18n } = useTranslation("releases");
  const [most, setMost] = useState(FEW);
  const answer = useTargets();
  return (
    <Loaded of={answer}>
      {({ total, items }) => (
        <>
          <Rows rows={items.slice(0, most)} />
          {total > most && (
            <Button mt="sm" onClick={() => setMost(most + MANY)} disabled={most >= items.length}>
              {t("target.more", { shown: count(total - most, i18n.language) })}
            </Button>
          )}
        </>
      )}
    </Loaded>
  );
}

function configUrl(target: Target): string {
  if (target.type === "global") return "/config";
  return `/config?scope=${target.type}&${target.type}=${encodeURIComponent(target.value ?? "")}`;
}

function Rows({ rows }: { rows: Target[] }) {
  const { t } = useTranslation("releases");
  const [stops, setStops] = useState<Target | null>(null);
  const columns: Column<Target>[] = [
    { key: "scope", title: t("column.scope"), cell: (row) => <ScopeName scope={scopeOf(row)} /> },
    {
      key: "version",
      title: t("column.version"),
      tight: true,
      cell: (row) => <span className="mono">{visible(row.version)}</span>,
    },
    {
      key: "reach",
      title: t("column.reach"),
      cell: (row) => <ReachBar scope={scopeOf(row)} version={row.version} target={row} />,
    },
    {
      key: "since",
      title: t("column.since"),
      tight: true,
      cell: (row) => (
        <PageLink to={configUrl(row)}>
          <Age at={row.set_at} />
        </PageLink>
      ),
    },
    {
      key: "do",
      title: "",
      tight: true,
      cell: (row) => (
        <ActionButton needs="operator" size="compact-xs" danger onClick={() => setStops(row)}>
          {t("stop.ask")}
        </ActionButton>
      ),
    },
  ];
  return (
    <>
      <Table
        label={t("target.title")}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.scope_key}
        empty={<Empty title={t("target.empty")}>{t("target.emptyAbout")}</Empty>}
      />
      <StopDialog
        version={stops?.version ?? ""}
        scope={stops && scopeOf(stops)}
        onClose={() => setStops(null)}
      />
    </>
  );
}
