// Another page begins at its top, wherever the one before was scrolled to. The bar of pages says
// which one is shown (`data.page` counts them).
let shown = null;

export default function ({ data }) {
    if (shown !== null && shown !== data.page) {
        document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
    }
    shown = data.page;
    document.querySelectorAll(".st-key-page_bar a").forEach((link, place) => {
        if (place === shown) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
    });
}
