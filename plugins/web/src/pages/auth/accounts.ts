import type { Role } from "../../lib/me";

export const ROLES: readonly Role[] = ["viewer", "operator", "admin"];
export const LEAST = 8;

export interface Account {
  username: string;
  role: Role;
  disabled: number;
  must_change_pw: number;
  /** UTC, `YYYY-MM-DD HH:MM:SS`. */
  created_at: string;
  updated_at: string;
}

/** A time as the accounts have it, as an instant. */
export function instant(stored: string): string {
  return `${stored.replace(" ", "T")}Z`;
}

export interface Token {
  token_id: string;
  name: string;
  username: string;
  role: Role;
  created_at: string | null;
  expires_at: string | null;
  last_used_at: string | null;
  last_used_from: string | null;
}
