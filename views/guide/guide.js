// The panel of the tour and of lessons: brings the control of a new step into view, reads the step
// to those who hear the page, and leads to the control when "Show me" is pressed.
const app = (window.sketchAndSum ??= { places: {} });

const PATIENCE = 4000;  // ms until a page surely shows the control
const SETTLED = 900;  // ms until what stands above it has its height, too
const ROOM = 76;  // px of the bar at the top of a page

function free(panel) {
    return { top: ROOM, bottom: panel.getBoundingClientRect().top - 12 };
}

function bring(element, panel) {
    const main = element.closest("[data-testid=stMain]");
    const box = element.getBoundingClientRect(), room = free(panel);
    if (!main || (box.top >= room.top && box.bottom <= room.bottom)) return;
    const top = main.scrollTop + (box.height > room.bottom - room.top
        ? box.top - room.top
        : box.bottom > room.bottom ? box.bottom - room.bottom : box.top - room.top);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    main.scrollTo({ top, behavior: calm ? "auto" : "smooth" });
}

function whenThere(selectors, found, until = performance.now() + PATIENCE) {
    const element = selectors.map((each) => document.querySelector(each))
        .findLast((each) => each?.checkVisibility());
    if (element) found(element);
    else if (performance.now() < until) {
        setTimeout(() => whenThere(selectors, found, until), 100);
    }
}

// Presented, all of a page is scaled, and what is sticky in it is not where it is seen: the panel is
// moved to the lower edge by hand.
function keepBelow(panel) {
    const scale = Number(getComputedStyle(document.documentElement).getPropertyValue("--scale")) || 1;
    const outer = panel.parentElement;
    outer.style.translate = "";
    const box = outer.getBoundingClientRect(), over = box.bottom - innerHeight + 8;
    if (scale > 1 && over > 0) outer.style.translate = `0 ${-over / scale}px`;
}

function watch(panel) {
    if (app.watched === panel) return;
    app.watched = panel;
    const keep = () => keepBelow(panel);
    panel.closest("[data-testid=stMain]")?.addEventListener("scroll", keep, { passive: true });
    new ResizeObserver(keep).observe(panel.closest("[data-testid=stMainBlockContainer]"));
}

// On from wherever the focus is, such as the canvas, without a way through the whole page.
app.onKey ??= window.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
    const button = document.querySelector(".st-key-guide_next button:enabled");
    if (!button || document.querySelector("[role=dialog], [role=listbox], dialog[open]")) return;
    event.preventDefault();
    button.click();
}, { capture: true }) ?? true;

export default function ({ parentElement, data }) {
    const panel = parentElement.closest(".st-key-guide");
    const button = parentElement.querySelector("button");
    const status = parentElement.querySelector(".spoken");
    button.className = "guide-show";
    button.hidden = !data?.targets?.length;
    const spoken = data?.spoken ?? "";
    if (status.textContent !== spoken) status.textContent = spoken;  // only a change is read out
    if (!data?.step || !panel) {
        app.guide = null;
        return;
    }
    watch(panel);
    keepBelow(panel);
    button.onclick = () => whenThere(data.targets, (element) => {
        bring(element, panel);
        element.querySelector("button:enabled, input, [tabindex]")?.focus({ preventScroll: true });
    });
    if (data.step === app.guide) return;
    const isFirst = !app.guide;
    app.guide = data.step;
    const show = () => app.guide === data.step
        && whenThere(data.targets, (element) => bring(element, panel));
    if (data.targets.length) {
        show();
        setTimeout(show, SETTLED);
    }
    // What had the focus may be gone with the step before: the next Tab begins in the panel.
    if (!isFirst && document.activeElement === document.body) {
        panel.tabIndex = -1;
        panel.focus({ preventScroll: true });
    }
}
