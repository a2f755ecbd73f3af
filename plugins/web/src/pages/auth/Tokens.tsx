import { Alert, Button, Group, Modal, NumberInput, Select, Stack, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { CopyButton } from "../../design/Id";
import { PageHead } from "../../design/PageHead";
import { api } from "../../lib/api";
import { useAction } from "../../lib/data";
import { atLeast, type Role, usePrincipal } from "../../lib/me";
import { ROLES, type Token } from "./accounts";
import styles from "./auth.module.css";
import { TokenTable } from "./TokenTable";

export default function Tokens() {
  const { t } = useTranslation("auth");
  const [making, make] = useState(false);
  const [made, setMade] = useState<string | null>(null);
  return (
    <>
      <PageHead
        title={t("tokens.title")}
        about={t("tokens.intro")}
        actions={
          <Button variant="filled" leftSection={<IconPlus size={14} />} onClick={() => make(true)}>
            {t("tokens.new")}
          </Button>
        }
      />
      {made && (
        <Alert
          mb="md"
          color="green"
          title={t("tokens.shownOnce")}
          withCloseButton
          closeButtonLabel={t("shell:close")}
          onClose={() => setMade(null)}
        >
          <span className={styles.secret}>{made}</span> <CopyButton value={made} />
        </Alert>
      )}
      <TokenTable from="/api/auth/tokens" />
      <Modal
        opened={making}
        onClose={() => make(false)}
        title={t("tokens.new")}
        closeButtonProps={{ "aria-label": t("shell:close") }}
      >
        {making && <Form onClose={() => make(false)} onMade={setMade} />}
      </Modal>
    </>
  );
}

function Form({ onClose, onMade }: { onClose: () => void; onMade: (token: string) => void }) {
  const { t } = useTranslation("auth");
  const { data: me } = usePrincipal();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role | null>(null);
  const [days, setDays] = useState<number | string>(90);
  const action = useAction({
    run: () =>
      api.post<{ token: string; row: Token }>("/api/auth/tokens", {
        json: { name, role: role ?? me?.role, expires_in_days: days === "" ? null : Number(days) },
      }),
    touches: ["tokens"],
    after: ({ token }) => {
      onMade(token);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) action.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label={t("tokens.name")}
          description={t("tokens.nameAbout")}
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select
          label={t("tokens.role")}
          description={t("tokens.roleAbout")}
          data={ROLES.filter((one) => me && atLeast(me.role, one)).map((value) => ({
            value,
            label: t(`shell:role.${value}`),
          }))}
          value={role ?? me?.role ?? null}
          onChange={(value) => setRole(value as Role)}
        />
        <NumberInput
          size="xs"
          label={t("tokens.days")}
          description={t("tokens.daysAbout")}
          min={1}
          max={3650}
          allowDecimal={false}
          value={days}
          onChange={setDays}
        />
        <Group justify="flex-end" gap="xs">
          <Button onClick={onClose}>{t("shell:cancel")}</Button>
          <Button type="submit" variant="filled" disabled={!name.trim()} loading={action.isPending}>
            {t("tokens.make")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
