/** PCs that left the list, what each plugin did for that, and ids that two PCs use. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { PageHead } from "../../design/PageHead";
import { Segments } from "../../design/Segments";
import { choice, text, useUrlState } from "../../lib/urlState";
import { List } from "../../list/List";
import { filtersParam } from "../../list/state";
import { useForget } from "./Forget";
import { type DoubleRow, doubleSource, moveSource, type RetiredRow, retiredSource } from "./lifecycle";
import { useDoubleColumns, useMoveColumns, useRetiredColumns } from "./lifecycleColumns";
import { MoveDrawer } from "./MoveDrawer";

const VIEWS = ["retired", "moves", "doubles"] as const;
const shape = { view: choice(VIEWS, "retired"), q: text(), f: filtersParam, sort: text() };
const opened = { open: text() };

export default function Lifecycle() {
  const { t } = useTranslation("heartbeat");
  const [{ view }, set] = useUrlState(shape);
  const choose = (next: string) =>
    set({ view: next as (typeof VIEWS)[number], q: "", f: [], sort: "" }, { push: true });
  return (
    <>
      <PageHead
        title={t("lifecycle.title")}
        about={t(`lifecycle.about.${view}`)}
        actions={
          <Segments
            label={t("lifecycle.view")}
            value={view}
            onChange={choose}
            data={VIEWS.map((value) => ({ value, label: t(`lifecycle.${value}`) }))}
          />
        }
      />
      {view === "retired" && <Retired />}
      {view === "moves" && <Moves />}
      {view === "doubles" && <Doubles />}
    </>
  );
}

function Retired() {
  const { t } = useTranslation("heartbeat");
  const source = useMemo(retiredSource, []);
  const { actions, dialog } = useForget<RetiredRow>("retired");
  return (
    <>
      <List
        id="retired"
        label={t("lifecycle.retired")}
        unit={(count) => t("lifecycle.unit", { count })}
        search={t("agents.search")}
        columns={useRetiredColumns()}
        source={source}
        actions={actions}
        tone={(row) => (row.back ? "warn" : undefined)}
        empty={{ title: t("lifecycle.emptyRetired"), text: t("lifecycle.emptyRetiredText") }}
      />
      {dialog}
    </>
  );
}

function Moves() {
  const { t } = useTranslation("heartbeat");
  const [{ open }, set] = useUrlState(opened);
  const source = useMemo(moveSource, []);
  return (
    <>
      <List
        id="moves"
        label={t("lifecycle.moves")}
        unit={(count) => t("lifecycle.unitMoves", { count })}
        search={t("lifecycle.searchMoves")}
        columns={useMoveColumns()}
        source={source}
        onOpen={(row) => set({ open: String(row.id) }, { push: true })}
        tone={(row) => (Object.keys(row.failed).length > 0 ? "bad" : undefined)}
        empty={{ title: t("lifecycle.emptyMoves"), text: t("lifecycle.emptyMovesText") }}
      />
      <MoveDrawer id={open} onClose={() => set({ open: "" })} />
    </>
  );
}

function Doubles() {
  const { t } = useTranslation("heartbeat");
  const source = useMemo(doubleSource, []);
  const { actions, dialog } = useForget<DoubleRow>("doubles");
  return (
    <>
      <List
        id="doubles"
        label={t("lifecycle.doubles")}
        unit={(count) => t("lifecycle.unit", { count })}
        columns={useDoubleColumns()}
        source={source}
        actions={actions}
        tone={(row) => (row.current ? "warn" : undefined)}
        empty={{ title: t("lifecycle.emptyDoubles"), text: t("lifecycle.emptyDoublesText") }}
      />
      {dialog}
    </>
  );
}
