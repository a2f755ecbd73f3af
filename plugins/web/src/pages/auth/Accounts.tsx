import { ActionIcon, Badge, Menu } from "@mantine/core";
import { IconDots, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { Age } from "../../design/Age";
import { Asked } from "../../design/Asked";
import { PageHead, Section } from "../../design/PageHead";
import { Loaded } from "../../design/States";
import { Status } from "../../design/Status";
import { type Column, Table } from "../../design/Table";
import { visible } from "../../design/text";
import { api, path } from "../../lib/api";
import { useApi } from "../../lib/data";
import { type Role, usePrincipal } from "../../lib/me";
import { type Account, instant, ROLES } from "./accounts";
import { NewAccount } from "./NewAccount";
import { ResetPassword } from "./ResetPassword";
import { TokenTable } from "./TokenTable";

/** Something to be asked about before it is done. */
interface Question {
  account: Account;
  what: "disable" | "enable" | "delete" | "revoke" | Role;
}

export default function Accounts() {
  const { t } = useTranslation("auth");
  const accounts = useApi<Account[]>("/api/accounts", { topics: ["accounts"] });
  const [making, make] = useState(false);
  return (
    <>
      <PageHead
        title={t("accounts.title")}
        about={t("accounts.intro")}
        actions={
          <ActionButton
            needs="admin"
            variant="filled"
            leftSection={<IconPlus size={14} />}
            onClick={() => make(true)}
          >
            {t("accounts.new")}
          </ActionButton>
        }
      />
      <Loaded of={accounts}>{(rows) => <Rows rows={rows} />}</Loaded>
      <NewAccount opened={making} onClose={() => make(false)} />
      <Section title={t("tokens.all")}>
        <TokenTable from="/api/tokens" owners />
      </Section>
    </>
  );
}

function Rows({ rows }: { rows: Account[] }) {
  const { t } = useTranslation("auth");
  const { data: me } = usePrincipal();
  const [question, ask] = useState<Question | null>(null);
  const [resets, reset] = useState<Account | null>(null);
  const columns: Column<Account>[] = [
    {
      key: "name",
      title: t("accounts.name"),
      cell: (row) => (
        <span>
          {visible(row.username)}{" "}
          {row.username === me?.subject && <Badge size="xs">{t("accounts.you")}</Badge>}
        </span>
      ),
    },
    { key: "role", title: t("accounts.role"), tight: true, cell: (row) => t(`shell:role.${row.role}`) },
    {
      key: "state",
      title: t("accounts.state"),
      cell: (row) => (
        <span>
          <Status tone={row.disabled ? "off" : "ok"}>
            {row.disabled ? t("accounts.disabled") : t("accounts.enabled")}
          </Status>
          {row.must_change_pw ? <span className="soft"> · {t("accounts.must")}</span> : null}
        </span>
      ),
    },
    {
      key: "created",
      title: t("accounts.created"),
      tight: true,
      cell: (row) => <Age at={instant(row.created_at)} />,
    },
    {
      key: "do",
      title: "",
      tight: true,
      cell: (row) => (
        <Choices account={row} onAsk={(what) => ask({ account: row, what })} onReset={() => reset(row)} />
      ),
    },
  ];
  return (
    <>
      <Table label={t("accounts.title")} columns={columns} rows={rows} rowKey={(row) => row.username} />
      <AskedAccount question={question} onClose={() => ask(null)} />
      <ResetPassword account={resets} onClose={() => reset(null)} />
    </>
  );
}

interface ChoicesProps {
  account: Account;
  onAsk: (what: Question["what"]) => void;
  onReset: () => void;
}

function Choices({ account, onAsk, onReset }: ChoicesProps) {
  const { t } = useTranslation("auth");
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label={t("accounts.actions", { name: account.username })}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {ROLES.filter((role) => role !== account.role).map((role) => (
          <Menu.Item key={role} onClick={() => onAsk(role)}>
            {t("accounts.makeRole", { role: t(`shell:role.${role}`) })}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={onReset}>{t("accounts.reset")}</Menu.Item>
        <Menu.Item onClick={() => onAsk("revoke")}>{t("accounts.revoke")}</Menu.Item>
        <Menu.Item onClick={() => onAsk(account.disabled ? "enable" : "disable")}>
          {account.disabled ? t("accounts.enable") : t("accounts.disable")}
        </Menu.Item>
        <Menu.Item color="var(--bad)" onClick={() => onAsk("delete")}>
          {t("accounts.delete")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function perform({ account, what }: Question): Promise<unknown> {
  const to = path`/api/accounts/${account.username}`;
  if (what === "delete") return api.delete(to);
  if (what === "revoke") return api.post(`${to}/revoke`);
  if (what === "disable" || what === "enable")
    return api.patch(to, { json: { disabled: what === "disable" } });
  return api.patch(to, { json: { role: what } });
}

function AskedAccount({ question, onClose }: { question: Question | null; onClose: () => void }) {
  const { t } = useTranslation("auth");
  return (
    <Asked
      asked={question}
      question={({ account, what }) => {
        const isRole = (ROLES as readonly string[]).includes(what);
        const key = isRole ? "role" : what;
        const role = isRole ? t(`shell:role.${what}`) : "";
        return {
          danger: what === "delete" || what === "disable" || what === "revoke",
          title: t(`accounts.ask.${key}`, { name: account.username, role }),
          action: t(`accounts.button.${key}`),
          children: t(`accounts.about.${key}`),
        };
      }}
      run={perform}
      done={() => t("accounts.done")}
      touches={["accounts"]}
      onClose={onClose}
    />
  );
}
