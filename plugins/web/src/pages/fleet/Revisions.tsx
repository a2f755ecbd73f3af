/** What a layer was before, and the way back. */
import { Table } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { Age, absolute } from "../../design/Age";
import { Loaded } from "../../design/States";
import styles from "./fleet.module.css";
import { useShownValue } from "./ScopeForm";
import { changed, type Place, type Revision, type Stored, useRevisions, useWrite } from "./scope";

export function Revisions({ place, stored }: { place: Place; stored: Stored }) {
  const { t } = useTranslation("fleet");
  const answer = useRevisions(place);
  const undo = useWrite(place, t("config.undone"));
  return (
    <Loaded of={answer}>
      {({ revisions }) =>
        revisions.length === 0 ? (
          <div className="soft">{t("config.noRevisions")}</div>
        ) : (
          <Table.ScrollContainer minWidth={460} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
            <Table aria-label={t("config.revisions")} className={styles.table}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th w={150}>{t("config.when")}</Table.Th>
                  <Table.Th>{t("config.what")}</Table.Th>
                  <Table.Th w={140} />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {revisions.map((one, place_) => (
                  <Table.Tr key={one.revision}>
                    <Table.Td title={absolute(one.at)}>
                      <Age at={one.at} />
                    </Table.Td>
                    <Table.Td>
                      <Change one={one} before={revisions[place_ + 1]} />
                    </Table.Td>
                    <Table.Td ta="right">
                      {place_ === 0 ? (
                        <span className="soft">{t("config.current")}</span>
                      ) : (
                        one.scope && (
                          <ActionButton
                            needs="operator"
                            size="compact-xs"
                            leftSection={<IconArrowBackUp size={13} />}
                            loading={undo.isPending}
                            onClick={() => one.scope && undo.mutate({ scope: one.scope, etag: stored.etag })}
                          >
                            {t("config.restore")}
                          </ActionButton>
                        )
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )
      }
    </Loaded>
  );
}

/** What this write changed, against the one before it. */
function Change({ one, before }: { one: Revision; before: Revision | undefined }) {
  const { t } = useTranslation("fleet");
  const shownValue = useShownValue();
  if (one.error) return <span>{t("config.undecodable", { reason: one.error })}</span>;
  if (one.scope === null) return <span>{t("config.removed")}</span>;
  const scope = one.scope;
  const old = before?.scope ?? {};
  const keys = changed(old, scope);
  if (keys.length === 0) return <span className="soft">{t("config.same")}</span>;
  return (
    <ul className={styles.changes}>
      {keys.map((key) => (
        <li key={key}>
          <span className="mono">{key}</span>{" "}
          <span className="soft">{before ? `${shownValue(old[key])} → ` : ""}</span>
          {shownValue(scope[key])}
        </li>
      ))}
    </ul>
  );
}
