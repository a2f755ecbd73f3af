/** What a script on one PC said. */
import { useTranslation } from "react-i18next";
import { span } from "../../design/Age";
import { Output } from "../../design/Output";
import { Status } from "../../design/Status";
import { visible } from "../../design/text";

export interface RunResult {
  result_id: string;
  pc_id: string;
  exit_code: number;
  stdout: string;
  stderr: string;
  started_at: string;
  finished_at: string;
}

export function ScriptResult({ result }: { result: RunResult }) {
  const { t } = useTranslation("jobs");
  return (
    <div aria-live="polite">
      <p>
        <Status tone={result.exit_code === 0 ? "ok" : "bad"}>
          {t("run.exit", { code: result.exit_code })}
        </Status>{" "}
        <span className="soft">
          {visible(result.pc_id)} · {span(Date.parse(result.finished_at) - Date.parse(result.started_at))}
        </span>
      </p>
      {result.stdout && <Output text={result.stdout} label={t("run.stdout")} />}
      {result.stderr && <Output text={result.stderr} label={t("run.stderr")} />}
      {!result.stdout && !result.stderr && <p className="soft">{t("run.nothing")}</p>}
    </div>
  );
}
