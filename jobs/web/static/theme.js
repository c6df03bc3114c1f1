// Before the first paint, so that a chosen theme does not flash; src/shell/theme.ts changes it later.
try {
  const theme = localStorage.getItem("kinochrome.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // storage may be switched off; the system's theme is shown then
}
