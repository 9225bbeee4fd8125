// The page begins at its top after something was caused that stands there: see frame/news.py.
const app = (window.sketchAndSum ??= { places: {} });

export default function ({ data }) {
    if (data.arrivals !== (app.arrivals ?? 0)) {
        app.arrivals = data.arrivals;
        document.querySelector("[data-testid=stMain]")?.scrollTo({ top: 0 });
    }
}
