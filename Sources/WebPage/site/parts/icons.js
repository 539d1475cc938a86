// The page's signs, drawn for it: strokes on a field of 24 by 24.

import { s } from '../dom.js';

const drawings = {
  home: 'M4 11 12 4l8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z',
  square: 'M4 6.5h16M4 12h16M4 17.5h10',
  bell: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5a2.2 2.2 0 0 0 4 0',
  search: 'M10.5 17a6.5 6.5 0 1 1 0-13 6.5 6.5 0 0 1 0 13zM15.5 15.5 20.5 20.5',
  bookmark: 'M6.5 4h11v16.5L12 16.5l-5.5 4z',
  mesh: 'M12 5.5 5.5 17.5h13zM12 5.5a1.8 1.8 0 1 0 0-.1M5.5 17.5a1.8 1.8 0 1 0 0-.1M18.5 17.5a1.8 1.8 0 1 0 0-.1',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8v4.4M9 14.8v4.4',
  person: 'M12 12a4 4 0 1 1 0-8 4 4 0 0 1 0 8zM4.5 20.5c.6-4 3.6-6 7.5-6s6.9 2 7.5 6',
  pen: 'M4.5 19.5 5.5 15 16 4.5a2 2 0 0 1 3 0l.5.5a2 2 0 0 1 0 3L9 18.5zM14 6.5l3.5 3.5',
  more: 'M5.5 12h.01M12 12h.01M18.5 12h.01',
  reply: 'M10 6 4.5 11.5 10 17M5 11.5h8.5c3.5 0 6 2 6 6',
  repost: 'M7 4 3.5 7.5 7 11M4 7.5h11.5a3 3 0 0 1 3 3V12M17 20l3.5-3.5L17 13M20 16.5H8.5a3 3 0 0 1-3-3V12',
  smile: 'M12 20.5a8.5 8.5 0 1 1 0-17 8.5 8.5 0 0 1 0 17zM9 10h.01M15 10h.01M8.5 14c1 1.5 2.2 2 3.5 2s2.5-.5 3.5-2',
  quote: 'M5 16.5V12a4.5 4.5 0 0 1 4.5-4.5M5 16.5h4.5V12H5M14 16.5V12a4.5 4.5 0 0 1 4.5-4.5M14 16.5h4.5V12H14',
  seal: 'M12 3.5 19 6v5.5c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6zM8.8 12l2.3 2.3 4.2-4.6',
  why: 'M12 20.5a8.5 8.5 0 1 1 0-17 8.5 8.5 0 0 1 0 17zM9.5 9.5a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.1.8-1.1 1.7M12 16.5h.01',
  image: 'M5 5h14a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zM4 16l4.5-4.5 3.5 3.5 3-3 5 5M15.5 9h.01',
  poll: 'M5 6h9M5 12h14M5 18h6',
  warning: 'M12 4.5 21 19.5H3zM12 10v4.5M12 17h.01',
  close: 'M6 6l12 12M18 6 6 18',
  back: 'M11 5.5 4.5 12l6.5 6.5M5 12h14.5',
  link: 'M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.7-5.7L12 7M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.7 5.7L12 17',
  bin: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7',
  mute: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM16 9.5l4.5 5M20.5 9.5l-4.5 5',
  block: 'M12 20.5a8.5 8.5 0 1 1 0-17 8.5 8.5 0 0 1 0 17zM6 6l12 12',
  eye: 'M3 12c2-4 5.2-6 9-6s7 2 9 6c-2 4-5.2 6-9 6s-7-2-9-6zM12 14.5a2.5 2.5 0 1 1 0-5 2.5 2.5 0 0 1 0 5z',
  file: 'M7 3.5h7l4 4v13H7zM14 3.5v4h4',
  down: 'M12 4.5v11M7.5 11.5 12 16l4.5-4.5M5 19.5h14',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  plus: 'M12 5v14M5 12h14',
  up: 'M12 19.5v-14M6.5 11 12 5.5 17.5 11',
  pin: 'M9 4h6l-.6 6 3.1 3.5H6.5L9.6 10zM12 13.5v7',
  keys: 'M4 7h16v10H4zM7.5 10h.01M11 10h.01M14.5 10h.01M8 14h8',
  out: 'M10 4H5.5v16H10M14 8l4.5 4-4.5 4M18 12H9.5',
  switch: 'M7 5 4 8l3 3M4 8h13M17 13l3 3-3 3M20 16H7',
};

/** A sign beside words, or within a button that has a name: it says nothing to screen readers. */
export function icon(name) {
  return s('svg', {
    class: 'icon', viewBox: '0 0 24 24', fill: 'none', stroke: 'currentColor',
    'stroke-width': name === 'more' ? 2.6 : 1.75, 'stroke-linecap': 'round',
    'stroke-linejoin': 'round', 'aria-hidden': 'true', focusable: 'false',
  }, s('path', { d: drawings[name] ?? '' }));
}
