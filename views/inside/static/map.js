// The picture behind a point of a map: under the mouse, or after a tap. `charts` are the keys of
// the maps that share one sheet of pictures; a point's customdata is its place and its words.
const SIDE = 84;  // CSS pixels

const makePopup = ({ sheet, columns }) => {
    const popup = document.createElement("div");
    popup.className = "map-picture";
    popup.hidden = true;
    const [picture, words] = [document.createElement("i"), document.createElement("span")];
    picture.style.backgroundImage = `url(${sheet})`;
    picture.style.backgroundSize = `${SIDE * columns}px auto`;
    popup.append(picture, words);
    document.body.append(popup);  // a page that is presented moves and scales what is fixed in it
    return popup;
};

const show = (popup, columns, { points, event }) => {
    const [place, said] = points[0].customdata ?? [];
    if (place === undefined) {
        return;
    }
    const [picture, words] = popup.children;
    const [column, row] = [place % columns, Math.floor(place / columns)];
    picture.style.backgroundPosition = `-${column * SIDE}px -${row * SIDE}px`;
    words.textContent = said;
    popup.hidden = false;
    const at = event.touches?.[0] ?? event.changedTouches?.[0] ?? event;
    const left = Math.min(at.clientX + 14, window.innerWidth - SIDE - 24);
    const isLow = at.clientY > window.innerHeight - SIDE - 70;
    popup.style.left = `${Math.max(4, left)}px`;
    popup.style.top = `${at.clientY + (isLow ? -SIDE - 50 : 16)}px`;
};

export default function ({ parentElement, data }) {
    parentElement.leave?.();  // this is called again for each change of the data
    const popup = makePopup(data);
    const hide = () => { popup.hidden = true; };
    const react = (found) => (found ? show(popup, data.columns, found) : hide());
    const attach = () => {
        for (const key of data.charts) {
            const chart = document.querySelector(`.st-key-${key} .js-plotly-plot`);
            if (!chart?.on) {
                continue;
            }
            if (!chart.pictures) {
                chart.on("plotly_hover", (found) => chart.pictures(found));
                chart.on("plotly_click", (found) => chart.pictures(found));
                chart.on("plotly_unhover", () => chart.pictures());
            }
            chart.pictures = react;
        }
    };
    attach();
    // plotly arrives later than this script, and may draw a chart anew
    const watch = new MutationObserver(attach);
    const page = document.querySelector("[data-testid=stMain]") ?? document.body;
    watch.observe(page, { childList: true, subtree: true });
    document.addEventListener("scroll", hide, true);
    parentElement.leave = () => {
        watch.disconnect();
        document.removeEventListener("scroll", hide, true);
        popup.remove();
    };
    return parentElement.leave;
}
