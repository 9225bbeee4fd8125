// Marks the page that is shown in the bar of pages; `data.page` counts them.
export default function ({ parentElement, data }) {
    parentElement.leave?.();  // this is called again for each change of the data
    const mark = () => document.querySelectorAll(".st-key-page_bar a").forEach((link, place) => {
        if (place === data.page) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
    });
    mark();
    // the links may arrive later than this script, and be made anew
    const watch = new MutationObserver(mark);
    const page = document.querySelector("[data-testid=stMain]") ?? document.body;
    watch.observe(page, { childList: true, subtree: true });
    parentElement.leave = () => watch.disconnect();
    return parentElement.leave;
}
