// A plotly chart whose element stays in the page while its data grow: a curve that somebody hid by
// its legend stays hidden, and the label under the pointer stays with the newest points.
const AGAIN = 3000;  // ms until the library is asked for once more
const load = (file) => (window.plotlyArrives ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(file, document.baseURI);
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
        delete window.plotlyArrives;  // asked for again
        reject(new Error("plotly did not arrive"));
    };
    document.head.append(script);
}));

const keepLabel = (plotly, chart) => {
    const area = chart.querySelector(".nsewdrag");
    if (chart.pointer && area) {
        plotly.Fx.hover(chart, { ...chart.pointer, target: area }, "xy");
    }
};

const watch = (plotly, chart) => {
    chart.addEventListener("pointermove", ({ clientX, clientY }) => {
        chart.pointer = { clientX, clientY };
    });
    chart.addEventListener("pointerleave", () => {
        chart.pointer = null;
    });
    new ResizeObserver(() => {
        if (chart.clientWidth && chart.clientWidth !== chart.drawnWidth) {
            chart.drawnWidth = chart.clientWidth;
            plotly.Plots.resize(chart);
        }
    }).observe(chart);
};

export default function ({ parentElement, data }) {
    const chart = parentElement.querySelector(".chart");
    const figure = JSON.parse(data.figure);
    chart.style.height = `${figure.layout.height}px`;  // nothing jumps when it arrives
    chart.setAttribute("aria-label", data.alt);
    chart.newest = data;
    const draw = () => load(data.library).then(async (plotly) => {
        if (chart.newest !== data) {
            return;  // newer ones came while the library was on its way
        }
        const isNew = !chart.data;
        chart.drawnWidth = chart.clientWidth;
        await plotly.react(chart, figure.data, figure.layout, data.config);
        if (isNew) {
            watch(plotly, chart);
        }
        keepLabel(plotly, chart);
    }, (error) => {
        console.warn(error);
        setTimeout(() => chart.isConnected && chart.newest === data && draw(), AGAIN);
    });
    draw();
}
