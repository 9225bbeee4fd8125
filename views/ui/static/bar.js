// Marks the page that is shown in the bar of pages; `data.page` counts them.
export default function ({ data }) {
    document.querySelectorAll(".st-key-page_bar a").forEach((link, place) => {
        if (place === data.page) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
    });
}
