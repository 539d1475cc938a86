// Rules of style that few views need, loaded with the first of them.

import { h } from '../dom.js';

const loaded = new Map();

/** Waits for a file of style, so that nothing is shown without it. */
export function sheet(path) {
  if (!loaded.has(path)) {
    loaded.set(path, new Promise((done) => {
      const link = h('link', { rel: 'stylesheet', href: path });
      link.addEventListener('load', done);
      link.addEventListener('error', done);
      document.head.append(link);
    }));
  }
  return loaded.get(path);
}
