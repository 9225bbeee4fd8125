// Fills the screen with the code and the address of a link. It stands in the page itself and not in
// the panel of Share, so that it stays when that closes. Escape and the button close it.
const PARTS = `
    <button type="button" class="room-close" aria-label="Close">Close <kbd>Esc</kbd></button>
    <img class="room-code" alt="QR code of the link">
    <p class="room-address"></p>
    <p class="room-how"></p>`;

function show({ code, typed, how }) {
    const dialog = document.createElement("dialog");
    dialog.className = "room";
    dialog.setAttribute("aria-label", "Show to the room");
    dialog.innerHTML = PARTS;
    dialog.querySelector("img").src = code;
    dialog.querySelector(".room-address").textContent = typed;
    dialog.querySelector(".room-how").textContent = how;
    const leave = () => document.fullscreenElement || dialog.close();
    const hear = (event) => {  // the page behind hears no key, and its panels stay open
        event.stopPropagation();
        if (event.key === "Escape") dialog.close();
    };
    dialog.querySelector("button").onclick = () => dialog.close();
    window.addEventListener("keydown", hear, true);
    document.addEventListener("fullscreenchange", leave);
    dialog.onclose = () => {
        window.removeEventListener("keydown", hear, true);
        document.removeEventListener("fullscreenchange", leave);
        dialog.remove();
        if (document.fullscreenElement) document.exitFullscreen();
    };
    document.body.append(dialog);
    dialog.showModal();
    document.documentElement.requestFullscreen?.().catch(() => {});  // the window is enough
}

export default function ({ parentElement, data }) {
    parentElement.querySelector("button").onclick = () => show(data);
}
