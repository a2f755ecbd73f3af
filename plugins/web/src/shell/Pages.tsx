/** The routes of all pages, each in a frame of its own that catches what it throws. */
import { Button } from "@mantine/core";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { Link, Route, Routes, useLocation } from "react-router";
import { PageHead } from "../design/PageHead";
import { Empty, Failure, SkeletonRows } from "../design/States";
import { ApiError } from "../lib/api";
import { atLeast, usePrincipal } from "../lib/me";
import { type PageRow, useContributions, useTitle } from "../lib/plugins";
import { Contribution } from "./Contribution";

export function Pages() {
  const { rows, data, error, refetch } = useContributions();
  if (!data) {
    return error ? <Failure error={error} retry={() => void refetch()} /> : <SkeletonRows />;
  }
  return (
    <Routes>
      {rows
        .filter((page) => page.kind === "page" && page.path !== "")
        .map((page) => (
          <Route key={page.id} path={page.path} element={<PageFrame page={page} />} />
        ))}
      <Route path="*" element={<Missing />} />
    </Routes>
  );
}

function PageFrame({ page }: { page: PageRow }) {
  const { t } = useTranslation("shell");
  const { pathname } = useLocation();
  const { data } = usePrincipal();
  const title = useTitle()(page);
  if (data && !atLeast(data.role, page.role)) {
    return (
      <>
        <PageHead title={title} />
        <Failure error={new ApiError(403, t("needs", { role: t(`role.${page.role}`) }), null)} />
      </>
    );
  }
  return (
    <Fragment key={pathname}>
      {page.module !== null && <PageHead title={title} />}
      <Contribution row={page} />
    </Fragment>
  );
}

function Missing() {
  const { t } = useTranslation("shell");
  const { pathname } = useLocation();
  return (
    <>
      <PageHead title={t("missing.title")} />
      <Empty
        title={t("missing.title")}
        actions={
          <Button component={Link} to="/">
            {t("missing.home")}
          </Button>
        }
      >
        {t("missing.about", { path: pathname })}
      </Empty>
    </>
  );
}
