import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compress } from "./build/compress.ts";

// `npm run dev` serves the sources and passes requests on to a host that runs, such as `./run demo`.
const HOST = process.env.KANADE_BACKEND_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), compress()],
  build: {
    outDir: "kanade_host_web/dist",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    assetsInlineLimit: 0, // nothing inline that the content security policy would have to allow
    chunkSizeWarningLimit: 700,
  },
  worker: { format: "es" },
  server: {
    proxy: Object.fromEntries(["/api", "/health", "/modules"].map((path) => [path, { target: HOST }])),
  },
});
