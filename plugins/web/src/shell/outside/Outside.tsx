/** A page, card or panel of a plugin from outside: an ES module that the host serves out of its package. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { Failure } from "../../design/States";
import { usePrincipal } from "../../lib/me";
import type { PageRow } from "../../lib/plugins";
import { type Module, provide, type Unmount } from "./kanade";
import styles from "./Outside.module.css";

interface OutsideProps {
  page: PageRow;
  pcId: string;
}

export default function Outside({ page, pcId }: OutsideProps) {
  const { i18n } = useTranslation();
  const { data: user } = usePrincipal();
  const navigate = useNavigate();
  const params = useParams();
  const [query] = useSearchParams();
  const place = useRef<HTMLDivElement>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [tries, setTries] = useState(0);
  const newest = useRef({ params, query, navigate });
  newest.current = { params, query, navigate };

  useEffect(() => {
    const element = place.current;
    if (!element || !user || page.module === null) return;
    // Asked again after a failure: a module that could not be loaded stays so under its old address.
    const address = tries === 0 ? page.module : `${page.module}?again=${tries}`;
    const around = { ...newest.current, page, pcId, language: i18n.language, user };
    const { kanade, end } = provide({ ...around, navigate: (to) => void newest.current.navigate(to) });
    let left = false;
    let unmount: Unmount | undefined;
    const leave = () => {
      end();
      try {
        unmount?.();
      } catch {
        // it goes away in any case
      }
      element.replaceChildren();
    };
    const fail = (error: unknown) => {
      if (!left) setFailure(error);
    };
    import(/* @vite-ignore */ address)
      .then((found: Module) => (left ? undefined : found.mount(element, kanade)))
      .then((done) => {
        unmount = done;
        if (left) leave();
      })
      .catch(fail);
    return () => {
      left = true;
      leave();
    };
  }, [page, pcId, i18n.language, user, tries]);

  const again = () => {
    setFailure(null);
    setTries((count) => count + 1);
  };
  return (
    <>
      {failure !== null && <Failure error={failure} retry={again} />}
      <div ref={place} className={styles.outside} data-plugin={page.plugin} />
    </>
  );
}
