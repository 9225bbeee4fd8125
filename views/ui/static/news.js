// A page begins at its top when it was turned to, and after something was caused that stands there;
// it has the colors of the theme: see frame/news.py.
const app = (window.sketchAndSum ??= { places: {} });

export default function ({ data, setStateValue }) {
    const { colorScheme } = getComputedStyle(document.querySelector("[data-testid=stApp]"));
    if (colorScheme !== data.scheme) setStateValue("scheme", colorScheme);
    const isAnother = data.shown !== (app.shown ?? data.shown);
    app.shown = data.shown;
    if (isAnother || data.arrivals !== (app.arrivals ?? 0)) {
        app.arrivals = data.arrivals;
        document.querySelector("[data-testid=stMain]")?.scrollTo({ top: 0 });
    }
}
