// The picture behind a point of a map: under the mouse, or after a tap. `charts` are the keys of
// the maps that share one sheet of pictures; a point's customdata is its place and its words.
const SIDE = 84;  // CSS pixels

export default function ({ parentElement, data }) {
    const popup = parentElement.querySelector(".map-picture");
    const picture = popup.querySelector("i");
    picture.style.backgroundImage = `url(${data.sheet})`;
    picture.style.backgroundSize = `${SIDE * data.columns}px auto`;
    const hide = () => { popup.hidden = true; };
    const show = ({ points, event }) => {
        const [place, words] = points[0].customdata ?? [];
        if (place === undefined) {
            return;
        }
        const [column, row] = [place % data.columns, Math.floor(place / data.columns)];
        picture.style.backgroundPosition = `-${column * SIDE}px -${row * SIDE}px`;
        popup.querySelector("span").textContent = words;
        popup.hidden = false;
        const at = event.touches?.[0] ?? event.changedTouches?.[0] ?? event;
        const left = Math.min(at.clientX + 14, window.innerWidth - SIDE - 24);
        const above = at.clientY > window.innerHeight - SIDE - 70;
        popup.style.left = `${Math.max(4, left)}px`;
        popup.style.top = `${at.clientY + (above ? -SIDE - 50 : 16)}px`;
    };
    const listen = () => {
        for (const key of data.charts) {
            const chart = document.querySelector(`.st-key-${key} .js-plotly-plot`);
            if (chart?.on && chart.pictures !== parentElement) {
                chart.removeAllListeners?.("plotly_hover");
                chart.removeAllListeners?.("plotly_click");
                chart.pictures = parentElement;
                chart.on("plotly_hover", show);
                chart.on("plotly_click", show);
                chart.on("plotly_unhover", hide);
            }
        }
    };
    listen();
    // plotly arrives later than this script, and may draw a chart anew
    const watch = new MutationObserver(listen);
    watch.observe(document.querySelector("[data-testid=stMain]") ?? document.body, {
        childList: true,
        subtree: true,
    });
    document.addEventListener("scroll", hide, true);
    return () => {
        watch.disconnect();
        document.removeEventListener("scroll", hide, true);
    };
}
