// Every element with words of its own whose colour stands out too little from what lies behind it.
const parsed = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
const luminance = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * x + 0.7152 * y + 0.0722 * z; // WCAG 2.2, relative luminance
};
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const color = parsed(getComputedStyle(at).backgroundColor);
    if (color.length === 3 || color[3] === 1) return color;
  }
  return [255, 255, 255];
};
const ratio = (a, b) => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
};
const shown = (element) => element.checkVisibility() && [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
return [...document.querySelectorAll("body *")]
  .filter((element) => !element.closest("svg") && !element.disabled && shown(element))
  .map((element) => [element.id || element.className || element.tagName, element.textContent.trim().slice(0, 30),
    ratio(parsed(getComputedStyle(element).color), behind(element))])
  .filter(([, , found]) => found < 4.5);
