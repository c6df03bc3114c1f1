import { AppBar } from "../shell/app-bar";
import { KeyTable } from "../shell/key-list";
import { useSession } from "../api/queries";

const PARTS: { id: string; title: string; text: string[] }[] = [
  { id: "start", title: "Start", text: [
    "Drop a photo or a film on the start page, or choose one from the server’s folder. A photo is coloured in seconds; one press on Download writes it at its full size and depth.",
    "A film is cut into shots, coloured small, and shown as a moving preview. You may close the page meanwhile: the work goes on in the queue.",
  ] },
  { id: "look", title: "Look", text: [
    "Space plays the shot, and it loops until you say otherwise. Wipe, side by side, difference and the original (hold H) compare grey and colour; both halves come from one video, so they never run apart.",
    "When the film is paused, the picture is the server’s own still of that very frame, at full size. Moving pictures are a small preview.",
    "Worst first puts the shots on top whose colours are unsteady or stronger than usual.",
  ] },
  { id: "decide", title: "Decide", text: [
    "Approve a shot (A) and the next open one comes up. Send it back (R) with a comment for whoever corrects it. Everything is saved as you make it.",
    "If another browser changes the same thing, the later change stands, you are told, and the earlier one is in the log of the project’s folder (review.jsonl).",
  ] },
  { id: "paint", title: "Paint", text: [
    "A stroke gives its colour to a thing, up to its edges, and goes along with the thing through the shot. It ends at the cut. A short stroke in the middle of a thing is enough.",
    "Neutral keeps a thing grey. The eraser leaves the automatic colour. A box colours the thing inside, a point says the colour of one place.",
    "Ask shows the colour under the cursor and the colours that the network finds likely there. Press one to use it.",
    "Name colours that come again in the palette. When you change a named colour, every mark that uses it changes.",
    "Without a mouse: Y goes to the picture, arrows move the cross, Enter begins and ends a stroke.",
  ] },
  { id: "references", title: "References and takes", text: [
    "A still of the same shot in colour gives its colours to the whole shot. A still of another scene gives colours only where things clearly look alike.",
    "Takes are other colourings that the network finds possible. Regions are parts of the shot with letters; each can be given a colour.",
  ] },
  { id: "render", title: "Render and download", text: [
    "Render writes the film at full size with its sound, subtitles and times. Only shots that changed are coloured again.",
    "The download has the film, its report, and the job file: kinochrome run job.yaml makes the same film, byte for byte.",
  ] },
];

export function HelpScreen() {
  const { data: session } = useSession();
  return (
    <div className="flex h-full flex-col">
      <AppBar />
      <main id="main" className="flex-1 overflow-y-auto" tabIndex={-1}>
        <div className="mx-auto grid max-w-6xl gap-12 px-5 py-8 sm:px-8 sm:py-12 lg:grid-cols-[11rem_1fr]">
          <nav aria-label="Help" className="max-lg:hidden">
            <ul className="sticky top-12 flex flex-col gap-1">
              {[...PARTS, { id: "kinds", title: "Kinds of files" }, { id: "keys", title: "Keys" }].map(({ id, title }) => (
                <li key={id}><a href={`#${id}`} className="block rounded-md px-3 py-1.5 text-sm text-quiet hover:bg-hover hover:text-ink">{title}</a></li>
              ))}
            </ul>
          </nav>
          <div className="flex flex-col gap-10">
            <h1 className="text-xl font-semibold">Help</h1>
            {PARTS.map(({ id, title, text }) => (
              <section key={id} id={id} aria-labelledby={`${id}-title`} className="flex max-w-2xl scroll-mt-8 flex-col gap-3">
                <h2 id={`${id}-title`} className="text-lg font-semibold">{title}</h2>
                {text.map((paragraph) => <p key={paragraph}>{paragraph}</p>)}
              </section>
            ))}
            {session && (
              <section id="kinds" aria-labelledby="kinds-title" className="flex max-w-2xl scroll-mt-8 flex-col gap-3">
                <h2 id="kinds-title" className="text-lg font-semibold">Kinds of files</h2>
                <p>Photos: {session.limits.stills.join(", ")}. They are written as PNG, JPEG or TIFF: a kind that is only read becomes a PNG.</p>
                <p>Films, by the ends of their names: {session.limits.films.map((suffix) => `.${suffix}`).join(", ")}. Anything else, and numbered stills, take the command line.</p>
              </section>
            )}
            <section id="keys" aria-labelledby="keys-title" className="scroll-mt-8">
              <h2 id="keys-title" className="mb-5 text-lg font-semibold">Keys</h2>
              <KeyTable />
            </section>
            <p className="text-sm text-quiet">Kinochrome {session?.version}. Licences of what this page is built from: <a className="underline" href="/licenses.md">licenses.md</a>, <a className="underline" href="/font-license.txt">typeface</a>.</p>
          </div>
        </div>
      </main>
    </div>
  );
}
