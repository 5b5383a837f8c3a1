// Run inside a mail that a browser has drawn: its boxes, and how well each of its texts stands out (WCAG 2.2, 1.4.3).
(() => {
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((part) => part / 255).map((p) => (p <= 0.04045 ? p / 12.92 : ((p + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  // The nearest background that is not transparent: the mails have no half-transparent ones.
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, alpha = 1] = channels(getComputedStyle(at).backgroundColor);
      if (alpha === 1) return [r, g, b];
      if (alpha !== 0) throw new Error('half-transparent background');
    }
    return [255, 255, 255];
  };
  const box = (element) => {
    if (!element) return null;
    const {left, top, right, bottom, width, height} = element.getBoundingClientRect();
    return {left, top, right, bottom, width, height};
  };
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const parent = node.parentElement;
    if (!node.textContent.trim() || !parent.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const style = getComputedStyle(parent);
    const [fore, back] = [luminance(channels(style.color).slice(0, 3)), luminance(background(parent))];
    texts.push({
      text: node.textContent.trim(),
      contrast: (Math.max(fore, back) + 0.05) / (Math.min(fore, back) + 0.05),
      size: parseFloat(style.fontSize),
      box: box(range),
    });
  }
  return {
    width: innerWidth,
    scrollWidth: document.documentElement.scrollWidth,
    lang: document.documentElement.lang,
    page: background(document.body),
    card: background(document.querySelector('.card')),
    cardBox: box(document.querySelector('.card')),
    code: box(document.querySelector('.code')),
    codeFont: document.querySelector('.code') && parseFloat(getComputedStyle(document.querySelector('.code')).fontSize),
    button: box(document.querySelector('.button a')),
    preheader: document.querySelector('.preheader').checkVisibility(),
    tables: [...document.querySelectorAll('table')].map((table) => table.getAttribute('role')),
    loads: performance.getEntriesByType('resource').map((entry) => entry.name),
    texts,
  };
})()
