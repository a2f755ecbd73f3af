/** Who is logged in, and what they may do. */
import { useApi } from "./data";

export type Role = "viewer" | "operator" | "admin";

const RANK: Record<Role, number> = { viewer: 1, operator: 2, admin: 3 };

export interface Principal {
  subject: string;
  role: Role;
  scope: string;
}

export function usePrincipal() {
  return useApi<Principal>("/api/principal");
}

/** Whether whoever is logged in has at least this role; false until it is known. */
export function useMay(role: Role): boolean {
  const { data } = usePrincipal();
  return data !== undefined && RANK[data.role] >= RANK[role];
}

export function atLeast(have: Role, need: Role): boolean {
  return RANK[have] >= RANK[need];
}
