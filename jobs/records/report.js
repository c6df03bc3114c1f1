document.documentElement.classList.add("js");
document.addEventListener("input", (event) => {
  const pair = event.target.closest(".pair");
  if (pair) pair.style.setProperty("--at", event.target.value + "%");
});
