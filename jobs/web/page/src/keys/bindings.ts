/** Every action that has a key: the one list from which keys, tooltips and both help pages are made. */
export type Binding = { keys: string[]; label: string; group: Group };
export type Group = "Everywhere" | "Watch" | "Compare" | "Decide" | "Paint" | "Project";

const binding = (group: Group, label: string, ...keys: string[]): Binding => ({ group, label, keys });

export const BINDINGS = {
  "keys": binding("Everywhere", "List the keys", "?"),
  "home": binding("Everywhere", "Go to the start page", "g h"),
  "projects": binding("Everywhere", "Go to the projects", "g p"),
  "queue": binding("Everywhere", "Go to the queue", "g q"),
  "help": binding("Everywhere", "Read the help", "g i"),
  "theme": binding("Everywhere", "Light, dark, or as the system", "Shift+T"),
  "open": binding("Everywhere", "Choose a photo or a film to add", "Shift+O"),

  "play": binding("Watch", "Play or pause", "Space"),
  "frame.next": binding("Watch", "One frame on", "ArrowRight"),
  "frame.previous": binding("Watch", "One frame back", "ArrowLeft"),
  "second.next": binding("Watch", "One second on", "Shift+ArrowRight"),
  "second.previous": binding("Watch", "One second back", "Shift+ArrowLeft"),
  "shot.next": binding("Watch", "Next shot of the list", "ArrowDown", "j"),
  "shot.previous": binding("Watch", "Previous shot of the list", "ArrowUp", "k"),
  "shot.start": binding("Watch", "First frame of the shot", "Home"),
  "shot.end": binding("Watch", "Last frame of the shot", "End"),
  "loop": binding("Watch", "Loop the shot", "l"),
  "mute": binding("Watch", "Sound on or off", "m"),
  "order": binding("Watch", "Shots in order, or worst first", "o"),

  "wipe": binding("Compare", "Wipe", "w"),
  "wipe.left": binding("Compare", "Move the wipe left", "["),
  "wipe.right": binding("Compare", "Move the wipe right", "]"),
  "side": binding("Compare", "Side by side", "s"),
  "difference": binding("Compare", "Difference", "d"),
  "colour": binding("Compare", "Colour only", "c"),
  "original": binding("Compare", "Hold for the original", "h"),

  "approve": binding("Decide", "Approve the shot and go to the next open one", "a"),
  "redo": binding("Decide", "Send the shot back to be done again", "r"),
  "clear": binding("Decide", "Take the decision back", "u"),
  "comment": binding("Decide", "Write a comment", "e"),
  "panel.review": binding("Decide", "Review", "1"),
  "panel.paint": binding("Decide", "Paint", "2"),
  "panel.references": binding("Decide", "References", "3"),
  "panel.takes": binding("Decide", "Takes", "4"),

  "stroke": binding("Paint", "Stroke: a thing takes the colour, up to its edges", "b"),
  "neutral": binding("Paint", "Neutral stroke: a thing stays grey", "n"),
  "erase": binding("Paint", "Eraser: the automatic colour stays", "x"),
  "box": binding("Paint", "Box: the thing inside takes the colour", "v"),
  "point": binding("Paint", "Point: this place has this colour", "p"),
  "eyedropper": binding("Paint", "Take a colour from the picture", "i"),
  "canvas": binding("Paint", "Go to the picture; arrows move, Enter draws", "y"),
  "brush.smaller": binding("Paint", "Smaller brush", ","),
  "brush.larger": binding("Paint", "Larger brush", "."),
  "undo": binding("Paint", "Undo", "Mod+z"),
  "redo.step": binding("Paint", "Do again", "Mod+Shift+z", "Mod+y"),
  "delete": binding("Paint", "Delete the chosen mark", "Delete", "Backspace"),

  "tab.film": binding("Project", "Film", "g f"),
  "tab.report": binding("Project", "Report", "g r"),
  "render": binding("Project", "Render", "Shift+R"),
  "download": binding("Project", "Download", "Shift+D"),
} satisfies Record<string, Binding>;

export type Action = keyof typeof BINDINGS;

export const GROUPS: Group[] = ["Everywhere", "Watch", "Compare", "Decide", "Paint", "Project"];

const NAMES: Record<string, string> = {
  ArrowRight: "→",
  ArrowLeft: "←",
  ArrowDown: "↓",
  ArrowUp: "↑",
  Space: "Space",
  Delete: "Del",
  Backspace: "⌫",
};

/** What is printed on the caps: `Mod+Shift+z` gives Ctrl, Shift, Z; `g p` gives G, P. */
export function caps(keys: string, mac = false): string[] {
  return keys.split(/[+ ]/).map((part) => {
    if (part === "Mod") return mac ? "⌘" : "Ctrl";
    return NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part);
  });
}

export const isMac = (): boolean => /Mac|iPhone|iPad/.test(navigator.platform);

/** For a tooltip: `Play or pause (Space)`. */
export function hint(action: Action, label: string = BINDINGS[action].label): string {
  return `${label} (${caps(BINDINGS[action].keys[0] ?? "", isMac()).join(" ")})`;
}
