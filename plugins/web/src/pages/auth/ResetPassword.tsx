import { PasswordInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Confirm } from "../../design/Confirm";
import { api, path } from "../../lib/api";
import { useAction } from "../../lib/data";
import { type Account, LEAST } from "./accounts";

export function ResetPassword({ account, onClose }: { account: Account | null; onClose: () => void }) {
  const { t } = useTranslation("auth");
  const [password, setPassword] = useState("");
  useEffect(() => {
    if (account === null) setPassword("");
  }, [account]);
  const name = account?.username ?? "";
  const action = useAction({
    run: () => api.patch(path`/api/accounts/${name}`, { json: { password } }),
    done: t("accounts.done"),
    touches: ["accounts"],
    after: onClose,
  });
  return (
    <Confirm
      opened={account !== null}
      onClose={onClose}
      onConfirm={() => action.mutate()}
      title={t("accounts.ask.reset", { name })}
      action={t("accounts.reset")}
      busy={action.isPending}
      disabled={password.length < LEAST}
    >
      <p>{t("accounts.about.reset")}</p>
      <PasswordInput
        label={t("accounts.password")}
        description={t("shell:password.short")}
        autoComplete="new-password"
        data-autofocus
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
    </Confirm>
  );
}
