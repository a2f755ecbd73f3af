/** What is stored for agents to fetch: a list with a search, uploads, downloads. */
import { IconUpload } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ActionButton } from "../../design/ActionButton";
import { FilterText } from "../../design/FilterText";
import { count } from "../../design/numbers";
import { PageHead } from "../../design/PageHead";
import { Empty, Loaded } from "../../design/States";
import { useApi } from "../../lib/data";
import { text, useUrlState } from "../../lib/urlState";
import styles from "./releases.module.css";
import { ShelfTable } from "./ShelfTable";
import { ShelfUpload } from "./ShelfUpload";
import type { Shelf, Stored } from "./shelves";

const SHAPE = { q: text() };
const MOST = 500;

export function ShelfPage({ shelf }: { shelf: Shelf }) {
  const { t, i18n } = useTranslation("releases");
  const [{ q }, set] = useUrlState(SHAPE);
  const [uploads, setUploads] = useState(false);
  const answer = useApi<Stored[]>(shelf.path, { query: { q }, topics: shelf.topics, keep: true });
  return (
    <>
      <PageHead
        title={t(`${shelf.id}.title`)}
        about={t(`${shelf.id}.about`)}
        actions={
          <ActionButton
            needs="operator"
            variant="filled"
            leftSection={<IconUpload size={14} />}
            onClick={() => setUploads(true)}
          >
            {t("upload.do")}
          </ActionButton>
        }
      />
      <div className={styles.tools}>
        <FilterText
          aria-label={t("shelf.search")}
          placeholder={t("shelf.search")}
          value={q}
          onChange={(next) => set({ q: next })}
        />
        {answer.data && (
          <span className="soft">
            {t("shelf.count", { count: answer.data.length, shown: count(answer.data.length, i18n.language) })}
          </span>
        )}
      </div>
      <Loaded of={answer}>
        {(rows) => (
          <>
            <ShelfTable shelf={shelf} rows={rows.slice(0, MOST)} empty={<None shelf={shelf} q={q} />} />
            {rows.length > MOST && <p className="soft">{t("shelf.narrow", { shown: MOST })}</p>}
          </>
        )}
      </Loaded>
      <ShelfUpload
        shelf={shelf}
        opened={uploads}
        onClose={() => setUploads(false)}
        rows={answer.data ?? []}
      />
    </>
  );
}

function None({ shelf, q }: { shelf: Shelf; q: string }) {
  const { t } = useTranslation("releases");
  if (q) return <Empty title={t("shelf.notFound")}>{t("shelf.notFoundAbout")}</Empty>;
  return (
    <Empty title={t(`${shelf.id}.empty`)}>
      {t(`${shelf.id}.emptyAbout`)} <code className="mono">{t(`${shelf.id}.command`)}</code>
    </Empty>
  );
}
