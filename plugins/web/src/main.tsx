import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import "./design/tokens.css";
import { createRoot } from "react-dom/client";
import { startLanguage } from "./i18n";
import { App } from "./shell/App";

const root = document.getElementById("root");
if (root) void startLanguage().then(() => createRoot(root).render(<App />));
