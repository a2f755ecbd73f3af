/** Who may come in: the log-in page in place of any page, so that its address stays. */
import { lazy, Suspense, useEffect } from "react";
import { Navigate, useLocation } from "react-router";
import { Failure, SkeletonRows } from "../design/States";
import { ApiError } from "../lib/api";
import { useApi, useLiveInvalidation } from "../lib/data";
import { listen } from "../lib/live";
import { usePrincipal } from "../lib/me";
import { Layout } from "./Layout";
import { Login } from "./Login";

const ChangePassword = lazy(() => import("./ChangePassword"));

interface Account {
  username: string;
  must_change_pw: boolean;
}

export function Gate() {
  const principal = usePrincipal();
  const refused = principal.error instanceof ApiError && principal.error.status === 401;
  const location = useLocation();
  // A proxy may have logged us in without any token, so that is asked of the server rather than of the token.
  if (refused) return <Login />;
  if (principal.data) {
    if (location.pathname === "/login") return <Navigate to="/" replace />;
    return <Inside />;
  }
  if (principal.error) return <Failure error={principal.error} retry={() => void principal.refetch()} />;
  return null;
}

function Inside() {
  useEffect(listen, []);
  useLiveInvalidation();
  const { pathname } = useLocation();
  // Only accounts of our own have passwords: with another authenticator there is no such route.
  const account = useApi<Account>("/api/auth/me", { topics: ["accounts"] });
  const must = account.data?.must_change_pw === true;
  if (must || pathname === "/change-password") {
    return (
      <Layout bare={must}>
        <Suspense fallback={<SkeletonRows rows={4} />}>
          <ChangePassword must={must} />
        </Suspense>
      </Layout>
    );
  }
  return <Layout />;
}
