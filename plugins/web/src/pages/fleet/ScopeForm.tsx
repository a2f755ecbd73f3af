/** A layer of configuration as a form: what is left empty is decided by another layer. */
import { Autocomplete, Button, Group, NumberInput, SegmentedControl, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { absolute } from "../../design/Age";
import { useApi } from "../../lib/data";
import { useHasPage } from "../../lib/plugins";
import styles from "./fleet.module.css";
import { changed, KEYS, type Key, type Place, type Scope, type Stored, useWrite } from "./scope";

interface ScopeFormProps {
  place: Place;
  stored: Stored;
  /** What counts where this layer sets nothing: shown in the empty fields. */
  below: Scope;
}

export function ScopeForm({ place, stored, below }: ScopeFormProps) {
  const { t } = useTranslation("fleet");
  const [draft, setDraft] = useState<Scope | null>(null);
  const [base, setBase] = useState(stored);
  const save = useWrite(place, t("config.saved"), () => setDraft(null));
  // Somebody else's change shows at once, unless one is typing: then saving says that there is one.
  if (draft === null && base !== stored) setBase(stored);
  const scope = draft ?? stored.scope;
  const keys = changed(base.scope, scope);
  const set = (key: Key, value: string | number | boolean | null) => {
    setDraft({ ...scope, [key]: value === "" ? null : value });
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ scope, etag: base.etag });
      }}
    >
      <Stack gap="sm" className={styles.form}>
        {KEYS.map(({ key, kind }) => (
          <Field
            key={key}
            name={key}
            kind={kind}
            value={scope[key] ?? null}
            below={below[key] ?? null}
            onChange={(value) => set(key, value)}
          />
        ))}
        <Group gap="xs">
          <ActionButton
            needs="operator"
            type="submit"
            variant="filled"
            loading={save.isPending}
            blocked={keys.length === 0 ? t("config.unchanged") : undefined}
          >
            {t("config.save")}
          </ActionButton>
          {keys.length > 0 && <Button onClick={() => setDraft(null)}>{t("config.discard")}</Button>}
          {draft !== null && base.etag !== stored.etag && (
            <span role="alert">{t("config.changedMeanwhile")}</span>
          )}
        </Group>
      </Stack>
    </form>
  );
}

interface FieldProps {
  name: Key;
  kind: (typeof KEYS)[number]["kind"];
  value: string | number | boolean | null;
  below: string | number | boolean | null;
  onChange: (value: string | number | boolean | null) => void;
}

function Field({ name, kind, value, below, onChange }: FieldProps) {
  const { t } = useTranslation("fleet");
  const shownValue = useShownValue();
  const label = t(`key.${name}`);
  const description = t(`about.${name}`);
  const placeholder = below === null ? t("config.unset") : t("config.below", { value: shownValue(below) });
  const common = { label, description, placeholder, size: "xs" } as const;
  if (kind === "version") return <Version {...common} value={String(value ?? "")} onChange={onChange} />;
  if (kind === "number") {
    return (
      <NumberInput
        {...common}
        min={0}
        allowDecimal={false}
        value={typeof value === "number" ? value : ""}
        onChange={onChange}
      />
    );
  }
  if (kind === "time") {
    return (
      <TextInput
        {...common}
        type="datetime-local"
        value={local(value)}
        onChange={(event) => {
          const at = new Date(event.currentTarget.value);
          onChange(Number.isNaN(at.getTime()) ? null : at.toISOString());
        }}
      />
    );
  }
  if (kind === "flag") {
    return (
      <div>
        <div className={styles.label} id={`label-${name}`}>
          {label}
        </div>
        <div className={styles.about}>{description}</div>
        <SegmentedControl
          size="xs"
          aria-labelledby={`label-${name}`}
          value={value === null ? "" : String(value)}
          onChange={(next) => onChange(next === "" ? null : next === "true")}
          data={[
            {
              value: "",
              label: below === null ? t("config.unset") : t("config.below", { value: shownValue(below) }),
            },
            { value: "true", label: t("config.on") },
            { value: "false", label: t("config.off") },
          ]}
        />
      </div>
    );
  }
  return (
    <TextInput
      {...common}
      value={String(value ?? "")}
      onChange={(event) => onChange(event.currentTarget.value.trim())}
    />
  );
}

interface VersionProps {
  label: string;
  description: string;
  placeholder: string;
  size: "xs";
  value: string;
  onChange: (value: string) => void;
}

/** Versions that are there to be rolled out, and any other. */
function Version(props: VersionProps) {
  const there = useHasPage();
  const releases = useApi<{ version: string }[]>("/api/agents/releases", {
    enabled: there("releases.rollout"),
  });
  return <Autocomplete {...props} data={[...new Set(releases.data?.map((one) => one.version) ?? [])]} />;
}

function local(value: string | number | boolean | null): string {
  const at = new Date(typeof value === "string" ? value : Number.NaN);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const MOMENT = /^\d{4}-\d\d-\d\dT/;

/** A value in words: on or off, a moment in the time of whoever looks. */
export function useShownValue() {
  const { t } = useTranslation("fleet");
  return (value: string | number | boolean | null | undefined): string => {
    if (value === null || value === undefined) return "—";
    if (typeof value === "boolean") return t(value ? "config.on" : "config.off");
    return typeof value === "string" && MOMENT.test(value) ? absolute(value) : String(value);
  };
}
