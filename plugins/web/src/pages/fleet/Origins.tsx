/** What one PC really does, and which layer each value comes from. */

import { Anchor, Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Section } from "../../design/PageHead";
import { PageLink } from "../../design/PageLink";
import { Loaded } from "../../design/States";
import { visible } from "../../design/text";
import { path } from "../../lib/api";
import { useApi } from "../../lib/data";
import styles from "./fleet.module.css";
import { useShownValue } from "./ScopeForm";
import { KEYS, type Layer, type Layers, origin } from "./scope";

export function Origins({ pcId }: { pcId: string }) {
  const { t } = useTranslation("fleet");
  const shownValue = useShownValue();
  const answer = useApi<Layers>(path`/api/agents/${pcId}/config_layers`, {
    topics: ["kv:agent_config", "kv:agent_groups"],
  });
  return (
    <Section title={t("config.effective")}>
      <Loaded of={answer}>
        {(layers) => (
          <>
            {layers.warnings.map((one) => (
              <div key={one} role="alert" className={styles.warning}>
                {visible(one)}
              </div>
            ))}
            <Table.ScrollContainer minWidth={520} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
              <Table aria-label={t("config.effective")} className={styles.table}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t("config.setting")}</Table.Th>
                    <Table.Th>{t("config.value")}</Table.Th>
                    <Table.Th>{t("config.from")}</Table.Th>
                    <Table.Th>{t("config.overrides")}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {KEYS.map(({ key }) => {
                    const { from, overridden } = origin(layers, key);
                    return (
                      <Table.Tr key={key}>
                        <Table.Th scope="row" title={key} fw={400}>
                          {t(`key.${key}`)}
                        </Table.Th>
                        <Table.Td>
                          <strong>{shownValue(layers.effective[key])}</strong>
                        </Table.Td>
                        <Table.Td>
                          {from ? (
                            <LayerLink layer={from} />
                          ) : (
                            <span className="soft">{t("config.builtIn")}</span>
                          )}
                        </Table.Td>
                        <Table.Td>
                          {overridden.length === 0 && <span className="soft">—</span>}
                          {overridden.map((one) => (
                            <div key={`${one.kind}${one.name}`}>
                              <LayerLink layer={one} />{" "}
                              <span className="soft">{shownValue(one.scope[key])}</span>
                            </div>
                          ))}
                        </Table.Td>
                      </Table.Tr>
                    );
                  })}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </>
        )}
      </Loaded>
    </Section>
  );
}

function LayerLink({ layer }: { layer: Layer }) {
  const { t } = useTranslation("fleet");
  const query = new URLSearchParams({ scope: layer.kind });
  if (layer.kind !== "global") query.set(layer.kind, layer.name);
  const name =
    layer.kind === "global"
      ? t("config.global")
      : layer.kind === "group"
        ? t("config.ofGroup", { name: visible(layer.name) })
        : t("config.ofPc");
  return (
    <Anchor component={PageLink} size="sm" to={`/config?${query}`}>
      {name}
    </Anchor>
  );
}
