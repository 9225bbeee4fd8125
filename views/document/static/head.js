// Runs before Streamlit's own script.
(() => {
  const MOST_MS = 60_000;  // that anything waits for the canvas
  const MOST_FAILED = 4;  // sockets in a row, which takes some ten seconds

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

  // Two fonts are half of all bytes before the first stroke. On a weak link they wait until the
  // canvas is there, which comes while Streamlit starts. Else Streamlit's own order holds.
  const ask = (later, rel) => {
    const link = document.querySelector(`link[rel=${later}]`);
    if (link) {
      link.replaceWith(Object.assign(link.cloneNode(), { rel }));
    }
  };
  const hasCanvas = () => document.querySelector(".st-key-canvas [data-testid=stBidiComponentIsolated]")
    ?.shadowRoot?.querySelector("canvas");
  const isWeak = /2g|3g/.test(navigator.connection?.effectiveType);
  if (isWeak && location.pathname.endsWith("/")) {  // the first page
    root.classList.add("weak-link");
    document.fonts.load = async () => [];
    const waiting = setInterval(() => {
      if (hasCanvas() || performance.now() > MOST_MS) {
        clearInterval(waiting);
        delete document.fonts.load;
        root.classList.remove("weak-link");
      }
    }, 200);
  } else {
    ask("later-font", "preload");
    // What the page will show is loaded while the app may still start, and not when it is shown.
    window.addEventListener("load", () => {
      for (const { href } of document.querySelectorAll("link[rel=later-element]")) {
        import(href).catch(() => {});  // Streamlit asks again, and says what is wrong
      }
    });
  }
  window.addEventListener("load", () => ask("later-canvas", "modulepreload"));

  // Why the page stays empty or stands still: what the server says when it closes the socket, or
  // that none can be opened. Streamlit only tries again, without a word.
  const PROXY = "This page cannot reach the app. Load it again; if that does not help, tell " +
    "whoever runs the app that websockets are not passed on.";
  const say = (words) => {
    const told = document.querySelector("#refused") ?? document.body.appendChild(
      Object.assign(document.createElement("p"), { id: "refused", role: "alert" }));
    told.textContent = words;
    told.hidden = !words;
  };
  const Plain = window.WebSocket;
  let failed = 0;
  window.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given);
      if (!new URL(this.url).pathname.endsWith("/_stcore/stream")) {
        return;
      }
      this.addEventListener("message", () => { failed = 0; say(""); }, { once: true });
      this.addEventListener("close", ({ reason }) => {
        failed += 1;
        if (reason || failed === MOST_FAILED) {
          say(reason || PROXY);
        }
      });
    }
  };

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

  // Ctrl+Z takes back a stroke, but in a field it is for what was typed. Not in the capture phase:
  // pen.js must first send the stroke.
  const FIELD = "textarea, [contenteditable], " +
    "input:not([type=checkbox], [type=radio], [type=range])";
  window.addEventListener("keydown", (event) => {
    const isOther = event.altKey || event.shiftKey || !(event.ctrlKey || event.metaKey);
    const isUndo = !isOther && event.key.toLowerCase() === "z";
    const undo = document.querySelector(".st-key-undo button:enabled");
    if (isUndo && undo && !event.composedPath()[0].matches?.(FIELD)) {
      event.preventDefault();
      undo.click();
    }
  });

  // The canvas hears no touchcancel, and no touchend while another finger is on the screen: its
  // stroke would not end. So it is told by a touchend of that finger alone.
  let drawing = null;  // the finger on a canvas
  const find = (touches) => [...touches].find(({ identifier }) => identifier === drawing);
  const begin = (event) => {
    const path = event.composedPath();
    if (!find(event.touches) && path.some((node) => node.classList?.contains("upper-canvas"))) {
      drawing = event.changedTouches[0].identifier;
    }
  };
  const end = (event) => {
    const finger = find(event.changedTouches);
    if (!finger) {
      return;
    }
    drawing = null;
    if (event.type === "touchcancel" || event.touches.length) {
      document.dispatchEvent(new TouchEvent("touchend", { changedTouches: [finger] }));
    }
  };
  for (const [kind, hear] of [["touchstart", begin], ["touchend", end], ["touchcancel", end]]) {
    window.addEventListener(kind, hear, { capture: true, passive: true });
  }
})();
