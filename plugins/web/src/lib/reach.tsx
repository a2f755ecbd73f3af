/** Which addresses lead somewhere: those of the pages that the running plugins bring. */
import { createContext, type ReactNode, useContext, useMemo } from "react";
import { useContributions } from "./plugins";

type Reaches = (to: string) => boolean;

const Reach = createContext<Reaches>(() => true);

/** Everything below knows which links are dead while a plugin does not run. */
export function ReachProvider({ children }: { children: ReactNode }) {
  const { rows, data } = useContributions();
  const known = data !== undefined;
  const reaches = useMemo<Reaches>(() => {
    if (!known) return () => true; // nobody knows yet, and most plugins run
    const pages = rows
      .filter((row) => row.kind === "page" && row.path !== "")
      .map((row) => pattern(row.path));
    return (to) => {
      const [place = ""] = to.split(/[?#]/, 1);
      // A filter of this very page, or a file of the server.
      if (place === "" || place.startsWith("/api/") || place === "/change-password") return true;
      return pages.some((page) => page.test(place));
    };
  }, [rows, known]);
  return <Reach.Provider value={reaches}>{children}</Reach.Provider>;
}

/** `/agents/:pcId` as what `/agents/pc-1` is tested with. */
function pattern(path: string): RegExp {
  const parts = path.split("/").map((part) => {
    if (part.startsWith(":")) return "[^/]+";
    return part === "*" ? ".*" : part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("/")}/?$`);
}

/** Cheap enough for each cell of a list. */
export function useReaches(): Reaches {
  return useContext(Reach);
}
