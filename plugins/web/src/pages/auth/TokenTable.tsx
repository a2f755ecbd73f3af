/** API tokens, of oneself or of everybody, each with a way to end it. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Age } from "../../design/Age";
import { Confirm } from "../../design/Confirm";
import { Id } from "../../design/Id";
import { Empty, Loaded } from "../../design/States";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { api } from "../../lib/api";
import { useAction, useApi } from "../../lib/data";
import type { Token } from "./accounts";

interface TokenTableProps {
  /** The route that lists them, and below which they are ended. */
  from: "/api/tokens" | "/api/auth/tokens";
  owners?: boolean;
}

export function TokenTable({ from, owners = false }: TokenTableProps) {
  const { t } = useTranslation("auth");
  const tokens = useApi<Token[]>(from, { topics: ["accounts", "tokens"] });
  const [ends, end] = useState<Token | null>(null);
  const action = useAction({
    run: (token: Token) => api.delete(`${from}/${encodeURIComponent(token.token_id)}`),
    done: t("tokens.ended"),
    touches: ["tokens"],
    after: () => end(null),
  });
  const columns: Column<Token>[] = [
    { key: "name", title: t("tokens.name"), cell: (row) => visible(row.name) },
    { key: "id", title: t("tokens.id"), tight: true, cell: (row) => <Id value={row.token_id} most={14} /> },
    { key: "role", title: t("tokens.role"), tight: true, cell: (row) => t(`shell:role.${row.role}`) },
    { key: "created", title: t("tokens.created"), tight: true, cell: (row) => <Age at={row.created_at} /> },
    {
      key: "expires",
      title: t("tokens.expires"),
      tight: true,
      cell: (row) => <Age at={row.expires_at} never={t("tokens.never")} />,
    },
    {
      key: "used",
      title: t("tokens.used"),
      cell: (row) => (
        <span title={row.last_used_from ?? undefined}>
          <Age at={row.last_used_at} never={t("tokens.unused")} />
        </span>
      ),
    },
    {
      key: "do",
      title: "",
      tight: true,
      cell: (row) => (
        <Button size="compact-xs" onClick={() => end(row)}>
          {t("tokens.end")}
        </Button>
      ),
    },
  ];
  if (owners)
    columns.splice(1, 0, { key: "owner", title: t("tokens.owner"), cell: (row) => visible(row.username) });
  return (
    <>
      <Loaded of={tokens}>
        {(rows) => (
          <Table
            label={t("tokens.title")}
            columns={columns}
            rows={rows}
            rowKey={(row) => row.token_id}
            empty={<Empty title={t("tokens.empty")}>{t("tokens.emptyAbout")}</Empty>}
          />
        )}
      </Loaded>
      <Confirm
        opened={ends !== null}
        onClose={() => end(null)}
        onConfirm={() => ends && action.mutate(ends)}
        title={t("tokens.ask", { name: ends?.name ?? "" })}
        action={t("tokens.end")}
        danger
        busy={action.isPending}
      >
        {t("tokens.askAbout")}
      </Confirm>
    </>
  );
}
