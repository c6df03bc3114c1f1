import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env.KINOCHROME_SERVER ?? "http://127.0.0.1:8750";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    outDir: "../static",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    license: { fileName: "licenses.md" },
    modulePreload: { polyfill: false },
  },
  server: { port: 8751, proxy: { "/api": { target: server } } },
  test: { include: ["tests/**/*.test.{ts,tsx}"], environment: "node" },
});
