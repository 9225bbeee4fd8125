// A place of the page that changes while the pen moves. The page's run fills it, and the live
// channel in between: see pen.js, which decides whose words are newer.
const live = (window.sketchAndSum ??= { places: {} });

live.fill = (element, { content, spoken }) => {
    const place = element.querySelector(".place");
    if (content != null && content !== place.said) {
        place.innerHTML = place.said = content;
    }
    const status = element.querySelector(".spoken");
    if (spoken != null && status.textContent !== spoken) {
        status.textContent = spoken;  // only a change is read out
    }
};

export default function ({ parentElement, data }) {
    live.places[data.name] = { element: parentElement, data };
    if (live.pen) {
        live.pen.hearPage(data.name);
    } else {
        live.fill(parentElement, data);
    }
    return () => {
        if (live.places[data.name]?.element === parentElement) {
            delete live.places[data.name];
        }
    };
}
