import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./api/queries";
import "./index.css";
import { startKeys } from "./keys/use-action";
import { holdTabLock } from "./review/project-review";
import { App } from "./shell/app";
import { ErrorBoundary } from "./shell/error-boundary";
import { ToastProvider } from "./ui/toasts";

startKeys();
holdTabLock();

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <ToastProvider>
        <ErrorBoundary>
          <App />
        </ErrorBoundary>
      </ToastProvider>
    </QueryClientProvider>
  </StrictMode>,
);
