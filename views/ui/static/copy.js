// Browsers give the clipboard only to secure pages; a laptop on a school's network serves none.
export default function ({ parentElement, data }) {
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
}
