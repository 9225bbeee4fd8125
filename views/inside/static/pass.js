// Plays a forward pass, scene by scene, on one canvas. All numbers come with `data` from the real
// pass (views/inside/forward_pass.py); what is computed here is the sum of products behind a pixel.
const SECONDS = 2.4;  // of a scene at the usual speed
const STILL = 3.0;  // between two scenes for who wants no motion
const [COLUMNS, GAP] = [4, 6];  // of the maps of a stage

// --- pictures

const bitmap = (rows, low, high) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [rows[0].length, rows.length];
    const image = new ImageData(canvas.width, canvas.height);
    rows.flat().forEach((value, place) => {
        const shade = 255 * Math.min(1, Math.max(0, (value - low) / (high - low || 1)));
        image.data.set([shade, shade, shade, 255], 4 * place);
    });
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
};

const group = (maps, isSigned) => {
    const most = Math.max(...maps.flat(2).map(Math.abs));
    return maps.map((rows) => bitmap(rows, isSigned ? -most : 0, most));
};

const prepare = (data) => ({
    picture: bitmap(data.image, 0, 255),
    convolution: group(data.convolution.maps, true),
    stages: data.stages.map((maps) => group(maps, false)),
});

// --- scenes: each draws itself at a time from 0 to 1

const tilesIn = ({ x, y, width, height }, count) => {
    const rows = Math.ceil(count / COLUMNS);
    const side = Math.min((width - GAP * (COLUMNS - 1)) / COLUMNS, (height - GAP * (rows - 1)) / rows);
    const left = x + (width - COLUMNS * side - GAP * (COLUMNS - 1)) / 2;
    const top = y + (height - rows * side - GAP * (rows - 1)) / 2;
    return Array.from({ length: count }, (_, place) => ({
        x: left + (side + GAP) * (place % COLUMNS),
        y: top + (side + GAP) * Math.floor(place / COLUMNS),
        side,
    }));
};

const squareIn = ({ x, y, width, height }) => {
    const side = Math.min(width, height, 240);
    return { x: x + (width - side) / 2, y: y + (height - side) / 2, side };
};

const show = (view, picture, { x, y, side }, shown = 1) => {
    const rows = Math.round(shown * picture.height);
    if (rows) {
        view.pen.drawImage(picture, 0, 0, picture.width, rows, x, y, side, side * rows / picture.height);
    }
    view.pen.strokeStyle = view.colors.muted;
    view.pen.lineWidth = 1;
    view.pen.strokeRect(x - 0.5, y - 0.5, side + 1, side + 1);
};

const showTiles = (view, pictures, area, shown = 1) =>
    tilesIn(area, pictures.length).map((tile, place) => {
        show(view, pictures[place], tile, shown);
        return { ...tile, place };
    });

const say = (view, words, x, y, color = view.colors.ink, size = 14, align = "center") => {
    view.pen.font = `${size}px system-ui, sans-serif`;
    view.pen.fillStyle = color;
    view.pen.textAlign = align;
    view.pen.textBaseline = "middle";
    view.pen.fillText(words, x, y);
};

const cut = (view, words, wide) => {  // with "…" where they are wider, in the size of `bars`
    view.pen.font = "12px system-ui, sans-serif";
    const signs = [...words];
    while (signs.length && view.pen.measureText(words).width > wide) {
        signs.pop();
        words = `${signs.join("")}…`;
    }
    return words;
};

const bars = (view, { x, y, width, height }, values, names, color, shown) => {
    const pen = view.pen;
    const long = Math.max(...names.map((name) => name.length)) > 2;
    const step = (long ? height : width) / values.length;
    const best = values.indexOf(Math.max(...values));
    values.forEach((value, place) => {
        pen.fillStyle = color;
        pen.globalAlpha = place === best ? 1 : 0.5;
        const size = value * shown;
        if (long) {
            pen.fillRect(x + 96, y + step * place + 3, (width - 96) * size, step - 6);
        } else {
            const top = (height - 22) * size;
            pen.fillRect(x + step * place + 3, y + height - 22 - top, step - 6, top);
        }
        pen.globalAlpha = 1;
        const middle = step * (place + 0.5);
        const name = long ? cut(view, names[place], 86) : names[place];
        long ? say(view, name, x + 90, y + middle, view.colors.ink, 12, "right")
            : say(view, name, x + middle, y + height - 9, view.colors.ink, 13);
    });
};

const cells = (view, { x, y, width }, values, color, names, shown = 1) => {
    const step = width / values.length;
    values.forEach((value, place) => {
        const at = { x: x + step * place + 1.5, y, side: Math.min(step - 3, 34) };
        view.pen.fillStyle = view.colors.faint;
        view.pen.fillRect(at.x, at.y, step - 3, at.side);
        view.pen.globalAlpha = value * shown;
        view.pen.fillStyle = color;
        view.pen.fillRect(at.x, at.y, step - 3, at.side);
        view.pen.globalAlpha = 1;
        say(view, names[place], at.x + (step - 3) / 2, y + at.side + 11, view.colors.muted, 11);
    });
};

const digits = Array.from({ length: 10 }, (_, n) => `${n}`);
const short = (names) => names.map((name) => name.length > 3 ? `${name.slice(0, 2)}.` : name);

const SCENES = {
    picture: (view, time) => show(view, view.pictures.picture, squareIn(view.whole), time),
    convolution: (view, time) => {
        const { inputs, kernels, stride, maps } = view.data.convolution;
        const [at, size] = [squareIn(view.from), kernels[0].length];
        show(view, view.pictures.convolution.inputs, at);
        const [rows, columns] = [maps[0].length, maps[0][0].length];
        const place = Math.min(rows * columns - 1, Math.floor(time * rows * columns));
        const chosen = time < 1 || !view.chosen
            ? { row: Math.floor(place / columns), column: place % columns } : view.chosen;
        const pixel = at.side / inputs.length;
        view.pen.strokeStyle = view.colors.class_head;
        view.pen.lineWidth = 2.5;
        const step = pixel * stride;
        view.pen.strokeRect(
            at.x + step * chosen.column, at.y + step * chosen.row, pixel * size, pixel * size);
        view.tiles = showTiles(view, view.pictures.convolution, view.to, time);
        for (const tile of view.tiles) {
            if (time < 1 || tile.place === view.chosen?.place) {
                const dot = tile.side / rows;
                view.pen.strokeRect(
                    tile.x + tile.side / columns * chosen.column - 1, tile.y + dot * chosen.row - 1,
                    tile.side / columns + 2, dot + 2);
            }
        }
    },
    stage: (view, time, number) => {
        const before = number ? view.pictures.stages[number - 1] : view.pictures.convolution;
        const tiles = showTiles(view, before, view.from);
        view.tiles = number ? [] : tiles;
        showTiles(view, view.pictures.stages[number], view.to, time);
    },
    class_head: (view, time) => {
        showTiles(view, view.pictures.stages.at(-1), view.from);
        bars(view, view.to, view.data.class_probs, view.data.names, view.colors.class_head, time);
    },
    number: (view, time) => {
        const { x, y, width, height } = view.whole;
        const area = { x: x + width * 0.1, y: y + height / 2 - 30, width: width * 0.8 };
        say(view, `number ${view.data.addend}`, x + width / 2, area.y - 24, view.colors.ink, 16);
        cells(view, area, view.data.onehot, view.colors.ink, digits, time);
    },
    sum_head: (view, time) => {
        const { x, y, width, height } = view.from;
        const upper = { x, y: y + height * 0.12, width };
        say(view, view.data.marked ? "class probabilities and features" : "class probabilities",
            x + width / 2, upper.y - 14, view.colors.muted, 12);
        cells(view, upper, view.data.fusion_probs, view.colors.class_head, short(view.data.names));
        if (!view.data.marked) {
            const lower = { x, y: y + height * 0.6, width };
            say(view, "number", x + width / 2, lower.y - 14, view.colors.muted, 12);
            cells(view, lower, view.data.onehot, view.colors.ink, digits);
        }
        sumLine(view, time);
    },
};

const sumLine = (view, time) => {
    const { x, y, width, height } = view.to;
    const [left, long] = [x + 16, width - 32];
    const at = (sum) => left + long * Math.min(18.4, Math.max(-0.4, sum)) / 18;
    const middle = y + height * 0.6;
    view.pen.fillStyle = view.colors.muted;
    view.pen.fillRect(left, middle, long, 1);
    for (let tick = 0; tick <= 18; tick += 3) {
        say(view, `${tick}`, at(tick), middle + 22, view.colors.muted, 12);
    }
    const value = 9 + (view.data.sum_value - 9) * time;  // from the middle of all sums
    view.pen.fillStyle = view.colors.sum_head;
    view.pen.beginPath();
    view.pen.arc(at(value), middle, 8, 0, 2 * Math.PI);
    view.pen.fill();
    const shown = (view.data.sum_is_mean ? "mean " : "") + value.toFixed(1);
    say(view, shown, x + width / 2, y + height * 0.28, view.colors.sum_head, 40);
};

// --- the multiplication behind one pixel

const grid = (title, rows, write) => {
    const body = rows.map((row) => `<tr>${row.map((value) => `<td>${write(value)}</td>`).join("")}</tr>`);
    return `<table><caption>${title}</caption>${body.join("")}</table>`;
};

const showSum = (view) => {
    const { place, row, column } = view.chosen;
    const { inputs, kernels, bias, stride, maps, channels } = view.data.convolution;
    const kernel = kernels[place];
    const patch = kernel.map(
        (weights, r) => weights.map((_, c) => inputs[stride * row + r][stride * column + c]));
    const products = kernel.map((weights, r) => weights.map((weight, c) => weight * patch[r][c]));
    const sum = products.flat().reduce((all, product) => all + product, 0) + bias[place];
    const two = (value) => value.toFixed(2).replace("-", "−");
    const added = bias[place] ? ` + bias ${two(bias[place])}` : "";
    const box = view.root.querySelector(".pass-sum");
    box.innerHTML = `<p><b>Map ${channels[place] + 1}, row ${row + 1}, column ${column + 1}</b>: the `
        + `${kernel.length ** 2} products added up${added} make `
        + `<b>${two(sum)}</b>, and the map has ${two(maps[place][row][column])} there.</p>`
        + `<div>${grid("patch of the picture", patch, two)}<span>×</span>`
        + `${grid("weights", kernel, two)}<span>=</span>${grid("products", products, two)}</div>`;
    box.dataset.sum = sum;
    box.dataset.value = maps[place][row][column];
};

const choose = (view, place, row, column) => {
    const maps = view.data.convolution.maps;
    const within = (value, count) => Math.min(count - 1, Math.max(0, value));
    place = within(place, maps.length);
    view.chosen = {
        place, row: within(row, maps[0].length), column: within(column, maps[0][0].length),
    };
    view.playing = false;
    view.time = 1;
    showSum(view);
    refresh(view);
};

const strongest = (view) => {  // where a map answers most
    const maps = view.data.convolution.maps;
    const flat = maps[0].flat();
    const at = flat.indexOf(Math.max(...flat));
    return [0, Math.floor(at / maps[0][0].length), at % maps[0][0].length];
};

// --- playing

const layOut = (view) => {
    const width = Math.min(view.root.clientWidth, 880);
    const isNarrow = width < 560;
    const height = isNarrow ? 430 : 290;
    const dense = window.devicePixelRatio || 1;
    if (view.canvas.width !== Math.round(width * dense) || view.canvas.height !== height * dense) {
        [view.canvas.width, view.canvas.height] = [Math.round(width * dense), Math.round(height * dense)];
        view.canvas.style.width = `${width}px`;
        view.canvas.style.height = `${height}px`;
    }
    view.pen.setTransform(dense, 0, 0, dense, 0, 0);
    view.pen.imageSmoothingEnabled = false;
    view.pen.clearRect(0, 0, width, height);
    view.whole = { x: 4, y: 8, width: width - 8, height: height - 16 };
    [view.from, view.to] = isNarrow
        ? [{ x: 4, y: 8, width: width - 8, height: height / 2 - 18 },
            { x: 4, y: height / 2 + 10, width: width - 8, height: height / 2 - 18 }]
        : [{ x: 4, y: 8, width: width / 2 - 34, height: height - 16 },
            { x: width / 2 + 30, y: 8, width: width / 2 - 34, height: height - 16 }];
    view.arrow = isNarrow ? ["↓", width / 2, height / 2 - 4] : ["→", width / 2 - 2, height / 2];
};

const paint = (view) => {
    layOut(view);
    view.tiles = [];
    const { kind, number } = view.data.steps[view.step];
    SCENES[kind](view, view.time, number);
    if (kind !== "picture" && kind !== "number") {
        say(view, ...view.arrow, view.colors.muted, 26);
    }
};

const refresh = (view) => {
    const { words } = view.data.steps[view.step];
    const said = view.root.querySelector(".pass-words");
    if (said.textContent !== words) {
        said.textContent = words;  // only a change is read out
    }
    view.root.querySelectorAll(".pass-steps button").forEach((button, place) => {
        place === view.step ? button.setAttribute("aria-current", "step")
            : button.removeAttribute("aria-current");
    });
    view.root.querySelector(".pass-play").textContent = view.playing ? "Pause" : "Play";
    view.root.querySelector("[data-do=back]").disabled = view.step === 0;
    view.root.querySelector("[data-do=next]").disabled = view.step === view.data.steps.length - 1;
    view.root.dataset.step = view.data.steps[view.step].kind;
    paint(view);
};

const goTo = (view, step, time) => {
    [view.step, view.time] = [step, time];
    refresh(view);
    if (!view.playing && view.data.steps[step].kind === "convolution" && !view.chosen) {
        choose(view, ...strongest(view));
    }
};

const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

const tick = (view, now) => {
    if (!view.playing || !view.root.isConnected) {
        return;
    }
    const passed = Math.min(0.1, (now - view.last) / 1000) * view.speed;
    view.last = now;
    view.waited += passed;
    const hold = isStill() ? STILL : SECONDS + 0.9;  // a scene stays a moment when it is done
    if (view.waited >= hold) {
        view.waited = 0;
        if (view.step === view.data.steps.length - 1) {
            view.playing = false;
            view.time = 1;
        } else {
            [view.step, view.time] = [view.step + 1, isStill() ? 1 : 0];
        }
        refresh(view);
    } else if (!isStill() && view.time < 1) {
        view.time = Math.min(1, view.waited / SECONDS);
        paint(view);
    }
    requestAnimationFrame((then) => tick(view, then));
};

const play = (view) => {
    view.playing = !view.playing;
    if (view.playing) {
        const isOver = view.step === view.data.steps.length - 1 && view.time >= 1;
        view.step = isOver ? 0 : view.step;
        view.time = isStill() ? 1 : isOver || view.time >= 1 ? 0 : view.time;
        view.waited = isStill() ? 0 : view.time * SECONDS;
        view.last = performance.now();
        requestAnimationFrame((now) => tick(view, now));
    }
    refresh(view);
};

const listen = (view) => {
    const steps = view.root.querySelector(".pass-steps");
    steps.addEventListener("click", ({ target }) => {
        const place = [...steps.children].indexOf(target.closest("button"));
        if (place >= 0) {
            view.playing = false;
            goTo(view, place, 1);
        }
    });
    view.root.querySelector(".pass-controls").addEventListener("click", ({ target }) => {
        const what = target.dataset.do;
        if (what === "play") {
            play(view);
        } else if (what) {
            view.playing = false;
            goTo(view, view.step + (what === "next" ? 1 : -1), 1);
        }
    });
    view.root.querySelector("select").addEventListener("change", ({ target }) => {
        view.speed = Number(target.value);
    });
    view.canvas.addEventListener("click", ({ offsetX, offsetY }) => {
        const [{ length: rows }, { length: columns }] = [
            view.data.convolution.maps[0], view.data.convolution.maps[0][0]];
        for (const { x, y, side, place } of view.tiles) {
            const [right, down] = [(offsetX - x) / side, (offsetY - y) / side];
            if (right >= 0 && right < 1 && down >= 0 && down < 1) {
                choose(view, place, Math.floor(down * rows), Math.floor(right * columns));
            }
        }
    });
    view.canvas.addEventListener("keydown", (event) => {
        const move = {
            ArrowLeft: [0, 0, -1], ArrowRight: [0, 0, 1], ArrowUp: [0, -1, 0], ArrowDown: [0, 1, 0],
            PageUp: [-1, 0, 0], PageDown: [1, 0, 0],
        }[event.key];
        if (move && view.data.steps[view.step].kind === "convolution") {
            event.preventDefault();
            const { place, row, column } = view.chosen ?? { place: 0, row: 0, column: 0 };
            choose(view, place + move[0], row + move[1], column + move[2]);
        }
    });
    new ResizeObserver(() => paint(view)).observe(view.root);
};

export default function ({ parentElement, data }) {
    const root = parentElement.querySelector(".pass");
    const view = root.view ??= { root, step: 0, time: 1, speed: 1, waited: 0, tiles: [] };
    const isNew = !view.data;
    if (view.data?.id !== data.id) {  // another drawing or network
        view.chosen = undefined;
        root.querySelector(".pass-sum").replaceChildren();
    }
    [view.data, view.colors, view.pictures] = [data, data.colors, prepare(data)];
    view.pictures.convolution.inputs = bitmap(
        data.convolution.inputs, Math.min(...data.convolution.inputs.flat()),
        Math.max(...data.convolution.inputs.flat()));
    view.canvas = root.querySelector("canvas");
    view.pen = view.canvas.getContext("2d");
    view.step = Math.min(view.step, data.steps.length - 1);
    root.querySelector(".pass-steps").replaceChildren(...data.steps.map(({ title }) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = title;
        return button;
    }));
    if (isNew) {
        listen(view);
    }
    refresh(view);
}
