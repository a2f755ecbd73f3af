import { Button, Group, Modal, PasswordInput, Select, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../lib/api";
import { useAction } from "../../lib/data";
import type { Role } from "../../lib/me";
import { LEAST, ROLES } from "./accounts";

interface Dialog {
  opened: boolean;
  onClose: () => void;
}

export function NewAccount({ opened, onClose }: Dialog) {
  const { t } = useTranslation("auth");
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("accounts.new")}
      closeButtonProps={{ "aria-label": t("shell:close") }}
    >
      {opened && <Form onClose={onClose} />}
    </Modal>
  );
}

function Form({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("auth");
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const action = useAction({
    run: () => api.post("/api/accounts", { json: { username, password, role } }),
    done: t("accounts.made", { name: username }),
    touches: ["accounts"],
    after: onClose,
  });
  const ready = username.trim() !== "" && password.length >= LEAST;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) action.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label={t("accounts.name")}
          autoComplete="off"
          data-autofocus
          value={username}
          onChange={(event) => setUsername(event.currentTarget.value)}
        />
        <PasswordInput
          label={t("accounts.password")}
          description={t("shell:password.short")}
          autoComplete="new-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Select
          label={t("accounts.role")}
          data={ROLES.map((value) => ({ value, label: t(`shell:role.${value}`) }))}
          value={role}
          onChange={(value) => setRole((value ?? "viewer") as Role)}
        />
        <Group justify="flex-end" gap="xs">
          <Button onClick={onClose}>{t("shell:cancel")}</Button>
          <Button type="submit" variant="filled" disabled={!ready} loading={action.isPending}>
            {t("accounts.create")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
