/** One layer: its form, what it was before, and its removal. */
import { useDisclosure } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { Confirm } from "../../design/Confirm";
import { Section } from "../../design/PageHead";
import { Loaded } from "../../design/States";
import styles from "./fleet.module.css";
import { Revisions } from "./Revisions";
import { ScopeForm } from "./ScopeForm";
import { type Place, placePath, type Scope, useRemove, useScope } from "./scope";

/** What agents have built in (`contract`: the defaults of the effective configuration). */
export const BUILT_IN: Scope = {
  target_version_jitter: "0s",
  heartbeat_interval: "30s",
  host_perf_interval: "60s",
  process_perf_enabled: false,
  process_perf_top_n: 20,
};

export function PlaceEditor({ place, below = BUILT_IN }: { place: Place; below?: Scope }) {
  const { t } = useTranslation("fleet");
  const answer = useScope(place);
  const [asking, dialog] = useDisclosure(false);
  const remove = useRemove(place, t("config.removedDone"));
  const name = place.kind === "global" ? t("config.global") : place.name;
  return (
    <Loaded of={answer}>
      {(stored) => (
        <div className={styles.columns}>
          <Section
            title={t("config.values")}
            actions={
              place.kind !== "global" &&
              stored.etag && (
                <ActionButton needs="operator" danger onClick={dialog.open}>
                  {t("config.remove")}
                </ActionButton>
              )
            }
          >
            <ScopeForm key={placePath(place)} place={place} stored={stored} below={below} />
          </Section>
          <Section title={t("config.revisions")}>
            <Revisions place={place} stored={stored} />
          </Section>
          <Confirm
            opened={asking}
            onClose={dialog.close}
            onConfirm={() => {
              remove.mutate(stored.etag);
              dialog.close();
            }}
            title={t("config.removeTitle", { name })}
            action={t("config.remove")}
            danger
            busy={remove.isPending}
          >
            {t("config.removeText")}
          </Confirm>
        </div>
      )}
    </Loaded>
  );
}
