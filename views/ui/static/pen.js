// Answers while the pen moves: follows the pen on the canvas and the buttons of the number, asks the
// live channel, and fills the places of the page (part.js) with its answers.
//
// The page's run is the truth, and comes when the pen has rested. What it has not heard of yet is
// kept here: the strokes since, and the number that was just pressed. While there is any, the
// channel's answers are shown and the page's are not. Without a channel the page answers alone.
const live = (window.sketchAndSum ??= { places: {} });

const REST = 500;  // ms after a stroke until the page runs; another stroke may follow
const PAUSE = 22;  // ms between two questions while the pen moves: a screen shows no more
const REST_ALONE = 200;  // the same where there is no channel: the page's run is the answer
const SPEAK = 600;  // ms without a new answer until it is read out
const NUMBER_FORGOTTEN = 3000;  // ms; by then the page has run with the number, or never will
const RETRIES = [300, 1000, 3000, 10000, 30000];  // ms until the next try to connect
const LOADED = 500;  // ms until the canvas surely shows another drawing, and hears a mouse again
const MAX_POINTS = 700;  // of new strokes; the page answers longer ones
const MAX_STROKES = 60;  // likewise
const CANVAS = ".st-key-canvas";
const APP = "[data-testid=stApp]";
const OPEN = "[role=dialog], [role=listbox], dialog[open]";  // what has the keys while it is there

class Pen {
    page = null;  // what the page said last: { question, generation, paths, heard }
    strokes = [];  // drawn since, each [x, y, x, y, ...] in pixels of the canvas
    down = null;  // the finger or mouse that draws
    unsent = 0;  // strokes that the canvas has not told the page of
    number = null;  // that was pressed, until the page knows it
    asked = 0;  // id of the question without an answer
    again = false;  // is there more to ask?
    askedAt = 0;
    later = null;  // the timer of the next question
    ids = 0;
    tries = 0;
    attached = false;
    isBack = false;  // was another page shown meanwhile?
    leftBehind = 0;  // strokes that there were when it was
    upAt = -Infinity;  // when the pen was lifted last
    isTorn = false;  // did the canvas load another drawing under the pen?
    focused = null;  // the button of a number that has the focus
    replaced = new MutationObserver(() => this.giveFocusBack());

    constructor() {
        const on = (names, hear) => names.forEach((name) => window.addEventListener(name, (event) => {
            if (this.attached) hear.call(this, event);
        }, { capture: true, passive: true }));
        on(["mousedown", "touchstart"], this.begin);
        on(["mousemove", "touchmove"], this.move);
        on(["mouseup", "touchend", "touchcancel"], this.end);
        on(["pointerdown", "keydown", "blur"], this.turnTo);
        on(["focusin"], this.nameKeys);
        on(["focusin", "focusout"], this.keepFocus);
        on(["click"], this.press);
    }

    attach(address) {
        this.attached = true;
        clearTimeout(this.leaving);
        if (address && !this.socket) this.connect(new URL(address, location.href));
    }

    detach() {
        this.leaving = setTimeout(() => {
            this.attached = false;
            this.forgetFocus();
            clearTimeout(this.retry);
            clearTimeout(this.forgetting);
            clearTimeout(this.rest);
            [this.down, this.unsent, this.number, this.isBack] = [null, 0, null, true];
            this.leftBehind = this.strokes.length;
            this.socket?.close();
            this.socket = null;
        }, 1000);
    }

    connect(url) {
        url.protocol = url.protocol.replace("http", "ws");
        const socket = (this.socket = new WebSocket(url));
        socket.onopen = () => {
            if (this.isAhead) this.ask();
        };
        socket.onmessage = ({ data }) => {
            this.tries = 0;  // not when it opens: it may be closed at once
            this.hear(JSON.parse(data));
        };
        socket.onclose = () => {
            this.asked = 0;
            if (this.socket !== socket) return;
            const wait = RETRIES[Math.min(this.tries++, RETRIES.length - 1)];
            this.retry = setTimeout(() => this.attached && this.connect(url), wait);
        };
    }

    get isOpen() {
        return this.socket?.readyState === WebSocket.OPEN;
    }

    get isAhead() {
        return this.down !== null || this.strokes.length > 0 || this.number !== null;
    }

    // The pen

    begin(event) {
        const canvas = event.composedPath().find((node) => node.classList?.contains("upper-canvas"));
        if (this.down !== null || event.button > 0 || !canvas?.getRootNode().host?.closest(CANVAS)) {
            return;
        }
        this.canvas = canvas;
        canvas.getRootNode().querySelector(".canvas-root")?.focus({ preventScroll: true });
        document.body.classList.add("touched");
        this.down = event.changedTouches ? event.changedTouches[0].identifier : "mouse";
        this.strokes.push(this.pointOf(event));
        clearTimeout(this.rest);
        this.ask();
    }

    move(event) {
        const point = this.pointOf(event);
        const stroke = this.strokes.at(-1);
        if (!point || !stroke) return;
        const isSame = point[0] === stroke.at(-2) && point[1] === stroke.at(-1);
        if (stroke.length > 2 && isSame) return;
        if (event.shiftKey && stroke.length > 2) stroke.splice(-2);  // the canvas draws a straight line
        stroke.push(...point);
        this.ask();
    }

    end(event) {
        if (!this.pointOf(event)) return;
        if (event.button > 0) return event.stopPropagation();  // the canvas would let go of it
        this.down = null;
        this.upAt = performance.now();
        if (this.isTorn) return this.mend();
        this.unsent += 1;
        this.ask();
        this.rest = setTimeout(() => this.send(), this.isOpen ? REST : REST_ALONE);
    }

    // Where the canvas sees the pen; nothing for another finger.
    pointOf(event) {
        const touches = event.changedTouches;
        const found = touches
            ? Array.from(touches).find(({ identifier }) => identifier === this.down)
            : this.down === "mouse" && event;
        if (!found) return null;
        const box = this.canvas.getBoundingClientRect();
        return [
            (found.clientX - box.left) * this.canvas.width / box.width,
            (found.clientY - box.top) * this.canvas.height / box.height,
        ].map((at) => Math.round(1e4 * at) / 1e4);
    }

    // The visitor turns to something else, maybe Undo: the page must know the drawing first.
    turnTo(event) {
        const isPen = event.composedPath().some((node) => node.matches?.(CANVAS));
        if (event.type !== "pointerdown" || !isPen) this.send();
        if (event.type === "keydown") this.key(event, isPen);
    }

    // Keys work where they are meant, so that speech and a slip of the hand set nothing off: digits
    // on the canvas and on the buttons of the number, Escape on the canvas.
    key(event, isPen) {
        const isOther = event.repeat || event.ctrlKey || event.metaKey || event.altKey;
        if (isOther || document.querySelector(OPEN)) return;
        const isNumber = event.target.closest?.(".st-key-numbers");
        const name = /^[0-9]$/.test(event.key) && (isPen || isNumber) ? `addend_${event.key}`
            : event.key === "Escape" && isPen ? "clear" : null;
        if (name) document.querySelector(`.st-key-${name} button:enabled`)?.click();
    }

    // Who comes to the canvas by key hears which keys work there now.
    nameKeys(event) {
        const canvas = event.composedPath().find((node) => node.classList?.contains("canvas-root"));
        const hasNumbers = document.querySelector(".st-key-addend button:enabled");
        const keys = `${hasNumbers ? "0 to 9 set the number to add, " : ""}Escape clears.`;
        canvas?.setAttribute("aria-label", `Canvas to draw on. Keys: ${keys}`);
    }

    // A number that is chosen looks different, so the page puts another button in the place of its
    // own, and the focus is lost: then keys would do nothing after a click on a number.
    keepFocus({ type, target }) {
        if (type === "focusout") {  // it was left, unless it is gone once the page is done
            queueMicrotask(() => this.focused === target && target.isConnected && this.forgetFocus());
            return;
        }
        this.forgetFocus();
        const numbers = target.closest?.(".st-key-addend");
        if (!numbers) return;
        this.focused = target;
        this.replaced.observe(numbers, { childList: true, subtree: true });
    }

    giveFocusBack() {
        if (!this.focused || this.focused.isConnected) return;
        if (document.activeElement !== document.body) return this.forgetFocus();
        const number = this.focused.innerText.trim();
        const button = document.querySelector(`.st-key-addend_${number} button:enabled`);
        button?.focus({ preventScroll: true });
    }

    forgetFocus() {
        this.focused = null;
        this.replaced.disconnect();
    }

    send() {
        clearTimeout(this.rest);
        if (!this.unsent || this.down !== null) return;
        // Streamlit forgets what is said while its connection is away.
        if (document.querySelector(APP).dataset.testConnectionState !== "CONNECTED") {
            this.rest = setTimeout(() => this.send(), REST);
            return;
        }
        this.unsent = 0;
        this.canvas.getRootNode().querySelector(".dc-toolbar button").click();
    }

    // The number

    press({ target }) {
        const button = target.closest?.(".st-key-addend button");
        if (button) this.choose(button.innerText.trim());
    }

    choose(digit) {
        const button = document.querySelector(`.st-key-addend_${digit} button`);
        if (!button || button.disabled || !this.page?.question) return;
        const number = Number(digit);
        if (this.number === null && number === this.page.question.addend) return;
        this.number = number;
        this.numberSince = performance.now();
        clearTimeout(this.forgetting);
        this.forgetting = setTimeout(() => this.forgetNumber(), NUMBER_FORGOTTEN);
        this.ask();
    }

    // Streamlit says nothing of a run that changes nothing, as where 7, 5, 7 were pressed at once.
    forgetNumber() {
        if (this.number !== this.page?.question?.addend) return;  // the page is slow
        this.number = null;
        this.settle();
    }

    // Questions and answers

    ask() {
        this.show();
        const question = this.page?.question;
        if (!this.isOpen || !question) return;
        if (this.asked) {
            this.again = true;  // only the newest counts
            return;
        }
        const early = this.down === null ? 0 : PAUSE - (performance.now() - this.askedAt);
        if (early > 0) {
            this.later ??= setTimeout(() => { this.later = null; this.ask(); }, early);
            return;
        }
        clearTimeout(this.later);
        this.later = null;
        this.again = false;
        if (this.strokes.length > MAX_STROKES) return;
        if (this.strokes.reduce((sum, stroke) => sum + stroke.length / 2, 0) > MAX_POINTS) return;
        this.asked = ++this.ids;
        this.askedAt = performance.now();
        this.askedFor = this.page.generation;
        this.socket.send(JSON.stringify({
            ...question,
            pen: this.strokes,
            addend: this.number ?? question.addend,
            down: this.down !== null,
            id: this.asked,
        }));
    }

    hear(answer) {
        if (answer.id !== this.asked) return;
        this.asked = 0;
        if (this.isAhead && this.askedFor === this.page.generation) {
            this.fill("answers", answer.answers);
            this.fill("seen", answer.seen);
            clearTimeout(this.speak);
            if (this.down === null) {
                this.speak = setTimeout(() => this.fill("answers", null, answer.spoken), SPEAK);
            }
        }
        if (this.again) this.ask();
    }

    fill(name, content, spoken) {
        const place = live.places[name];
        if (place) live.fill(place.element, { content, spoken });
    }

    // The page has run.
    hearPage(name) {
        const { element, data } = live.places[name];
        if (name !== "answers") {
            if (!this.isAhead || !element.querySelector(".place").said) live.fill(element, data);
            return;
        }
        const before = this.page;
        this.page = data;
        if (data.paths) document.body.classList.add("touched");
        if (before?.generation === data.generation && !this.isBack) {
            this.strokes.splice(0, Math.max(0, data.paths - before.paths));
        } else {
            this.startAnew(before, data);
        }
        this.isBack = false;
        const isOld = performance.now() - this.numberSince > NUMBER_FORGOTTEN;
        if (this.number === data.question?.addend || isOld) this.number = null;
        this.settle();
    }

    // Shows what the page says, unless it is behind: then what the channel says.
    settle() {
        if (this.isAhead && this.isOpen && this.page?.question) {
            this.ask();
            return;
        }
        this.show();
        clearTimeout(this.speak);
        for (const { element, data } of Object.values(live.places)) live.fill(element, data);
    }

    // Undo and the like, or a way back to the page: the canvas shows another drawing, and what the
    // page had not heard of then is gone from it. It is drawn once more, as if by hand.
    startAnew(before, { heard: [generation, paths] }) {
        const known = generation === before?.generation ? paths - before.paths : 0;
        const rested = this.strokes.length - (this.down !== null);
        const since = this.strokes.splice(this.isBack ? this.leftBehind : rested);
        this.isTorn = !this.isBack && this.down !== null;
        const lost = this.strokes.slice(Math.max(0, known));
        this.strokes = since;  // which the canvas has, or its end
        if (!this.isBack) this.unsent = 0;
        if (lost.length) this.drawAgain(lost);
    }

    // Takes away the end of a stroke that the canvas has, and draws the whole of it.
    mend() {
        this.isTorn = false;
        const stroke = this.strokes.pop();
        setTimeout(() => {  // by then that end is a step of the canvas's own history
            this.canvas.getRootNode().querySelector(".dc-toolbar [title=Undo]").click();
            this.drawAgain([stroke]);
        });
    }

    // Waits until the pen rests and the canvas was there at the last look, too: a new one loads its
    // drawing first. After a touch it is deaf to a mouse for a while.
    drawAgain(strokes, seen = null) {
        if (!this.attached) {  // on another page: for the way back
            this.strokes.unshift(...strokes);
            this.leftBehind += strokes.length;
            return;
        }
        const place = document.querySelector(`${CANVAS} [data-testid=stBidiComponentIsolated]`);
        const canvas = place?.shadowRoot?.querySelector(".upper-canvas");
        const isEarly = performance.now() - this.upAt < LOADED;
        if (this.down !== null || isEarly || !canvas || canvas !== seen) {
            setTimeout(() => this.drawAgain(strokes, canvas), LOADED);
            return;
        }
        this.canvas = canvas;
        const box = this.canvas.getBoundingClientRect();
        for (const stroke of strokes) {
            const say = (name, at) => this.canvas.dispatchEvent(new MouseEvent(name, {
                bubbles: true,
                composed: true,
                clientX: box.left + stroke.at(at) * box.width / this.canvas.width,
                clientY: box.top + stroke.at(at + 1) * box.height / this.canvas.height,
            }));
            say("mousedown", 0);
            for (let at = 2; at < stroke.length; at += 2) say("mousemove", at);
            say("mouseup", -2);
        }
    }

    // While the page is behind, what it says of the drawing is of an older one.
    show() {
        document.body.classList.toggle("pen-ahead", this.isAhead && this.isOpen);
    }
}

export default function ({ data }) {
    live.pen ??= new Pen();
    live.pen.attach(data.address);
    if (live.places.answers && !live.pen.page) live.pen.hearPage("answers");
    return () => live.pen.detach();
}
