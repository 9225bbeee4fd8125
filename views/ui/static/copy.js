// The list of a multiselect is not inside the Share panel. A press in it that chooses nothing (it
// slipped off, or the list scrolled under it) counts as one outside for Streamlit, which then closes
// the panel; not if the list has the mark of Streamlit's own overlays.
const mark = ({ target }) =>
    target.closest("[data-testid=stMultiSelectDropdown]")
        ?.setAttribute("data-st-overlay-root", "true");

// Browsers give the clipboard only to secure pages; a laptop on a school's network serves none.
export default function ({ parentElement, data }) {
    document.addEventListener("pointerdown", mark, true);
    const button = parentElement.querySelector("button");
    button.onclick = async () => {
        try {
            await navigator.clipboard.writeText(data);
        } catch {
            const text = document.createElement("textarea");
            text.value = data;
            parentElement.append(text);
            text.select();
            document.execCommand("copy");
            text.remove();
        }
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy link"; }, 2000);
    };
    return () => document.removeEventListener("pointerdown", mark, true);
}
