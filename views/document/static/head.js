// Runs before Streamlit's own script.
(() => {
  // One entry in the history for each page: Streamlit adds one whenever the address changes, which
  // is after each stroke, and Back would have to be pressed as often.
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const to = new URL(url ?? location.href, location.href);
    const same = to.pathname === location.pathname;
    (same ? history.replaceState.bind(history) : push)(state, title, url);
  };

  // Until the font of icons has come, their names would stand over the words beside them.
  const root = document.documentElement;
  const ICONS = "Material Symbols";
  const look = () => {
    const faces = [...document.fonts].filter((face) => face.family.includes(ICONS));
    root.classList.toggle("no-icons", !faces.some((face) => face.status === "loaded"));
  };
  look();
  document.fonts.addEventListener("loadingdone", look);

  // A finger that comes down beside the handle of a slider may be about to scroll. Only a tap moves
  // the handle there: then the browser sends mouse events, too.
  const beside = ({ target, pointerType = "touch" }) =>
    pointerType === "touch" &&
    target.closest?.("[data-testid=stSlider] [data-rac]") &&
    !target.closest("[data-rac]").querySelector(":scope > div > input[type=range]");
  for (const kind of ["pointerdown", "touchstart"]) {
    const wait = (event) => beside(event) && event.stopPropagation();
    window.addEventListener(kind, wait, { capture: true, passive: true });
  }
})();
