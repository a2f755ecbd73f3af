/** What stands where content would: nothing yet, an error, or the shape of what is coming. */
import { Button, Skeleton } from "@mantine/core";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../lib/api";
import styles from "./States.module.css";
import { reason } from "./toast";

interface EmptyProps {
  title: string;
  /** What would be here, and how to get it. */
  children?: ReactNode;
  actions?: ReactNode;
}

export function Empty({ title, children, actions }: EmptyProps) {
  return (
    <div className={styles.state}>
      <div className={styles.title}>{title}</div>
      {children && <div className={styles.words}>{children}</div>}
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}

interface FailureProps {
  error: unknown;
  retry?: () => void;
  inline?: boolean;
}

/** What happened, in the server's words, and what to do. */
export function Failure({ error, retry, inline = false }: FailureProps) {
  const { t } = useTranslation("shell");
  const status = error instanceof ApiError ? error.status : 0;
  const advice =
    status === 403
      ? t("error.forbidden")
      : status === 404
        ? t("error.missing")
        : status === 503
          ? t("error.busy")
          : null;
  const helps = retry && status !== 403 && status !== 404;
  return (
    <div className={`${styles.state} ${inline ? styles.inline : ""}`} role="alert">
      <div className={styles.title}>
        <IconAlertTriangle size={15} color="var(--bad)" style={{ verticalAlign: "-2px", marginRight: 6 }} />
        {t("error.title")}
      </div>
      <div className={styles.words}>{reason(error)}</div>
      {advice && <div className={styles.words}>{advice}</div>}
      {helps && (
        <div className={styles.actions}>
          <Button leftSection={<IconRefresh size={14} />} onClick={retry}>
            {t("error.retry")}
          </Button>
        </div>
      )}
    </div>
  );
}

/** Lines in the shape of a list. */
export function SkeletonRows({ rows = 8, height = 18 }: { rows?: number; height?: number }) {
  const { t } = useTranslation("shell");
  return (
    <div className={styles.rows} role="status" aria-label={t("loading")}>
      {Array.from({ length: rows }, (_, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
        <Skeleton key={place} height={height} width={`${94 - ((place * 7) % 23)}%`} />
      ))}
    </div>
  );
}

interface LoadedProps<T> {
  /** What `useApi` answers. */
  of: { data: T | undefined; error: Error | null; refetch: () => unknown };
  children: (data: T) => ReactNode;
  skeleton?: ReactNode;
}

/** The content, or its skeleton, or why it is not there. What is cached stays, with the error above it. */
export function Loaded<T>({ of, children, skeleton }: LoadedProps<T>) {
  const { t } = useTranslation("shell");
  if (of.data !== undefined) {
    return (
      <>
        {of.error && (
          <div className="soft" role="alert">
            {t("error.stale", { reason: reason(of.error) })}
          </div>
        )}
        {children(of.data)}
      </>
    );
  }
  if (of.error) return <Failure error={of.error} retry={() => void of.refetch()} />;
  return <>{skeleton ?? <SkeletonRows />}</>;
}
