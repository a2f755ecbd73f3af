/** Logging in. Shown at whatever address was asked for, which is shown once it is done. */
import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Mark } from "../design/Mark";
import { reason } from "../design/toast";
import { api } from "../lib/api";
import { session } from "../lib/session";
import styles from "./Login.module.css";
import { LanguageSwitch, ThemeSwitch } from "./Switches";

export function Login() {
  const { t } = useTranslation("shell");
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = `${t("login.title")} · Downbeat`;
  }, [t]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const json = { username: username.trim(), password };
      const { token } = await api.post<{ token: string }>("/api/auth/login", { json, login: true });
      session.begin(token);
    } catch (failure) {
      setError(reason(failure));
      setBusy(false);
    }
  };

  return (
    <main className={styles.page}>
      <form className={styles.card} onSubmit={submit}>
        <div className={styles.brand}>
          <Mark size={30} />
          <h1>Downbeat</h1>
        </div>
        <Stack gap="sm">
          {session.ended && <p className={styles.note}>{t("login.ended")}</p>}
          <TextInput
            size="sm"
            label={t("login.user")}
            name="username"
            autoComplete="username"
            autoFocus
            value={username}
            onChange={(event) => setUsername(event.currentTarget.value)}
          />
          <PasswordInput
            size="sm"
            label={t("login.password")}
            name="password"
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          {error && (
            <p className={styles.error} role="alert">
              {error}
            </p>
          )}
          <Button
            type="submit"
            size="sm"
            variant="filled"
            loading={busy}
            disabled={!username.trim() || !password}
          >
            {t("login.submit")}
          </Button>
          <p className={styles.hint}>{t("login.hint")}</p>
        </Stack>
      </form>
      <div className={styles.switches}>
        <ThemeSwitch />
        <LanguageSwitch />
      </div>
    </main>
  );
}
