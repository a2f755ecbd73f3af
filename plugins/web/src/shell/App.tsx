/** Everything around the pages: theme, data, log-in. */
import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { useEffect } from "react";
import { createBrowserRouter, RouterProvider } from "react-router";
import { theme, variables } from "../design/theme";
import { client } from "../lib/data";
import { session, useToken } from "../lib/session";
import { Gate } from "./Gate";

const schemes = localStorageColorSchemeManager({ key: "downbeat_theme" });
const router = createBrowserRouter([{ path: "*", element: <Entrance /> }]);

/** Whoever comes next begins anew. */
function Entrance() {
  return <Gate key={useToken()} />;
}

export function App() {
  // Whoever comes next sees nothing of whoever was here before.
  useEffect(() => session.subscribe(() => client.clear()), []);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      colorSchemeManager={schemes}
      defaultColorScheme="auto"
      deduplicateInlineStyles
    >
      <QueryClientProvider client={client}>
        <Notifications position="bottom-right" limit={4} />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
