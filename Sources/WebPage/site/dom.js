// Builds the page's nodes. Text becomes text nodes, and nothing else: what strangers wrote can be
// shown anywhere, and is never read as HTML.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * An element: h('button', { class: 'quiet', onclick: f }, 'Text', node, …).
 * Properties: on… are listeners; class, id, hidden, href and the like are attributes; a property
 * with a dot before its name is set on the object (.value); null and false are left out.
 * Children: nodes, text, lists of them; null and false are left out.
 */
export function h(name, props, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(props ?? {})) set(node, key, value);
  append(node, children);
  return node;
}

/** The same for SVG. */
export function s(name, props, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(props ?? {})) set(node, key, value);
  append(node, children);
  return node;
}

function set(node, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith('on') && typeof value === 'function') {
    node.addEventListener(key.slice(2), value);
  } else if (key.startsWith('.')) {
    node[key.slice(1)] = value;
  } else if (key === 'data') {
    Object.assign(node.dataset, value);
  } else {
    node.setAttribute(key, value === true ? '' : String(value));
  }
}

function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
}

/** Puts children in the place of all that a node has. */
export function fill(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

/** Somebody's own words in a line of ours: marks that turn text end where the words end. */
export function bdi(text, props) {
  return h('bdi', props, text);
}

export function $(selector, root = document) {
  return root.querySelector(selector);
}

/** Calls `then` with whether a node is on the screen, until the returned thing is called. */
export function whenSeen(node, then, margin = '0px') {
  const watcher = new IntersectionObserver(
    (entries) => {
      if (entries.some((entry) => entry.isIntersecting)) then();
    },
    { rootMargin: margin },
  );
  watcher.observe(node);
  return () => watcher.disconnect();
}

/** Whether the reader wants little motion. */
export function isCalm() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
