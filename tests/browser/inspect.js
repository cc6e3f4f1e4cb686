// What a reader would complain about, as sentences; run in the page.
const found = [];
const shown = (e) => {
    const box = e.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && getComputedStyle(e).visibility === "visible";
};
const parse = (text) => {
    const n = (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
    return [n[0], n[1], n[2], n.length > 3 ? n[3] : 1];
};
const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
const luminance = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (e) => {
    const layers = [];
    for (let at = e; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
};
const contrast = (e) => {
    const under = ground(e), text = over(parse(getComputedStyle(e).color), under);
    const [a, b] = [luminance(text), luminance(under)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
};

const page = document.scrollingElement;
if (page.scrollWidth > page.clientWidth) found.push(`the page is ${page.scrollWidth - page.clientWidth} px too wide`);
for (const e of document.querySelectorAll("body *")) {
    const box = e.getBoundingClientRect();
    if (shown(e) && !e.closest(".scroll, svg") && (box.right > page.clientWidth + 0.5 || box.left < -0.5))
        found.push(`${e.tagName} ${e.className} sticks out of the page`);
}
if (matchMedia("print").matches)
    for (const e of document.querySelectorAll(".scroll"))
        if (e.scrollWidth > e.clientWidth) found.push(`a table is cut on paper: ${e.innerText.slice(0, 40)}`);

let least = 99, texts = 0;
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || e.closest("svg") || !shown(e)) continue;
    const ratio = contrast(e);
    texts++;
    least = Math.min(least, ratio);
    if (ratio < 4.5) found.push(`contrast ${ratio.toFixed(2)}: ${walk.currentNode.data.trim().slice(0, 40)}`);
    if (parseFloat(getComputedStyle(e).fontSize) < 10.5) found.push(`small: ${walk.currentNode.data.trim().slice(0, 40)}`);
}

const first = {};
for (const id of ["verdict", "week", "next"]) {
    const e = document.getElementById(id);
    first[id] = e.innerText;
    if (!matchMedia("print").matches && e.getBoundingClientRect().bottom > innerHeight)
        found.push(`${id} is not on the first screen`);
}
return {found, first, least, texts};
