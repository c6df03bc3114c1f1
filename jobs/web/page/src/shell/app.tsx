import { Compass } from "lucide-react";
import { useEffect } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { startEvents } from "../api/events";
import { useSession } from "../api/queries";
import { useAction } from "../keys/use-action";
import { FilmScreen } from "../film/film-screen";
import { HelpScreen } from "../screens/help-screen";
import { HomeScreen } from "../screens/home-screen";
import { ProjectsScreen } from "../screens/projects-screen";
import { QueueScreen } from "../screens/queue-screen";
import { ReportScreen } from "../screens/report-screen";
import { Empty, Fault } from "../ui/states";
import { UploadProvider } from "../upload/uploads";
import { AppBar } from "./app-bar";
import { KeyDialog } from "./key-list";
import { SignIn } from "./sign-in";
import { nextTheme, setTheme, theme } from "./theme";

export function App() {
  const { data: session, error, refetch } = useSession();
  const inside = session !== undefined && (!session.token_needed || session.signed_in);
  useEffect(() => (inside ? startEvents() : undefined), [inside]);
  if (session?.token_needed && !session.signed_in) return <SignIn />;
  if (error && !session)
    return (
      <main className="grid h-full place-items-center p-6">
        <Fault title="The server does not answer" error={error} retry={() => void refetch()} />
      </main>
    );
  return (
    <UploadProvider>
      <GlobalKeys />
      <KeyDialog />
      <Switch>
        <Route path="/" component={HomeScreen} />
        <Route path="/projects" component={ProjectsScreen} />
        <Route path="/projects/:id/report">{({ id }) => <ReportScreen key={id} id={id} />}</Route>
        <Route path="/projects/:id">{({ id }) => <FilmScreen key={id} id={id} />}</Route>
        <Route path="/queue" component={QueueScreen} />
        <Route path="/help" component={HelpScreen} />
        <Route component={NotFound} />
      </Switch>
    </UploadProvider>
  );
}

function GlobalKeys() {
  const [, go] = useLocation();
  useAction("home", () => go("/"));
  useAction("projects", () => go("/projects"));
  useAction("queue", () => go("/queue"));
  useAction("help", () => go("/help"));
  useAction("theme", () => setTheme(nextTheme(theme())));
  return null;
}

function NotFound() {
  return (
    <div className="flex h-full flex-col">
      <AppBar />
      <main id="main" className="grid flex-1 place-items-center">
        <Empty heading="h1" icon={Compass} title="There is no such page" action={<Link href="/projects" className="font-medium underline">Go to the projects</Link>}>
          The address may have been mistyped, or the project was taken away.
        </Empty>
      </main>
    </div>
  );
}
