import { Button, PasswordInput, Stack } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { PageHead } from "../design/PageHead";
import { api } from "../lib/api";
import { client, useAction } from "../lib/data";

const LEAST = 8;

export default function ChangePassword({ must }: { must: boolean }) {
  const { t } = useTranslation("shell");
  const navigate = useNavigate();
  const [old_password, setOld] = useState("");
  const [new_password, setNew] = useState("");
  const [again, setAgain] = useState("");
  const action = useAction({
    // Some servers answer 401 to a wrong old password: that ends no session.
    run: () => api.post("/api/auth/change-password", { json: { old_password, new_password }, login: true }),
    done: t("password.done"),
    after: () => {
      void client.invalidateQueries({ queryKey: ["/api/auth/me"] });
      navigate("/");
    },
  });
  const short = new_password !== "" && new_password.length < LEAST;
  const differs = again !== "" && again !== new_password;
  const ready = old_password !== "" && new_password.length >= LEAST && again === new_password;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) action.mutate();
  };
  return (
    <>
      <PageHead title={t("password.title")} about={must ? t("password.must") : undefined} />
      <form onSubmit={submit}>
        <Stack gap="sm" maw={340}>
          <PasswordInput
            label={t("password.old")}
            autoComplete="current-password"
            value={old_password}
            onChange={(event) => setOld(event.currentTarget.value)}
          />
          <PasswordInput
            label={t("password.new")}
            description={t("password.short")}
            autoComplete="new-password"
            error={short}
            value={new_password}
            onChange={(event) => setNew(event.currentTarget.value)}
          />
          <PasswordInput
            label={t("password.again")}
            autoComplete="new-password"
            error={differs && t("password.differs")}
            value={again}
            onChange={(event) => setAgain(event.currentTarget.value)}
          />
          <Button type="submit" variant="filled" disabled={!ready} loading={action.isPending}>
            {t("password.submit")}
          </Button>
        </Stack>
      </form>
    </>
  );
}
