import { api } from "./api";
import { session } from "./session";

/** Log out. The token ends on the server too; where that cannot be said, it ends by itself later. */
export function logout(): void {
  void api.post("/api/auth/revoke", { login: true }).catch(() => undefined);
  session.end("left");
}
