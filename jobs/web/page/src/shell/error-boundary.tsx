import { Component, type ReactNode } from "react";
import { Fault } from "../ui/states";

/** A fault of the page itself: nothing is lost, as changes are stored before they are sent. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    if (!this.state.error) return this.props.children;
    return (
      <main className="grid h-full place-items-center p-6">
        <Fault title="This page has a fault" lines={[this.state.error.message, "Nothing is lost: changes are saved as they are made. Load the page again."]} retry={() => location.reload()} />
      </main>
    );
  }
}
