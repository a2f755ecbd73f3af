import { useTranslation } from "react-i18next";
import { PageLink } from "../../design/PageLink";
import { visible } from "../../design/text";
import { agentsUrl, type Scope } from "./releases";

/** In words, for titles and buttons. */
export function useScopeName(): (scope: Scope) => string {
  const { t } = useTranslation("releases");
  return (scope) =>
    scope.type === "global"
      ? t("scope.global")
      : t(`scope.${scope.type}Named`, { name: visible(scope.value) });
}

export function ScopeName({ scope }: { scope: Scope }) {
  const name = useScopeName();
  return <PageLink to={agentsUrl(scope)}>{name(scope)}</PageLink>;
}
