/** Catches what a page, card or panel throws: its place says so, and nothing else breaks. */
import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Empty } from "../design/States";
import { reason } from "../design/toast";

interface BoundaryState {
  error: unknown;
}

interface BoundaryProps {
  children: ReactNode;
  /** Say nothing in its place: it is a small thing beside others. */
  quiet?: boolean;
}

export class Boundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { error: null };

  static getDerivedStateFromError(error: unknown): BoundaryState {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    if (this.props.quiet) return null;
    return <Crashed error={this.state.error} again={() => this.setState({ error: null })} />;
  }
}

function Crashed({ error, again }: { error: unknown; again: () => void }) {
  const { t } = useTranslation("shell");
  return (
    <div role="alert">
      <Empty
        title={t("error.crashed")}
        actions={
          <>
            <Button onClick={again}>{t("error.retry")}</Button>
            <Button onClick={() => window.location.reload()}>{t("error.reload")}</Button>
          </>
        }
      >
        {t("error.crashedAbout", { reason: reason(error) })}
      </Empty>
    </div>
  );
}
