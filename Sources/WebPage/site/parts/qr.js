// QR codes: drawn from what the node says, and read off a picture with its help.

import * as api from '../api.js';
import { s } from '../dom.js';

/** Light modules around a code, without which readers do not find it (ISO/IEC 18004). */
const MARGIN = 4;
/** Pixels of a picture at most: the node takes 500,000, and a code needs few. */
const MOST = 480_000;

/** A code as a picture; `rows` are its modules, '1' for dark. */
export function code(rows, label) {
  const side = rows.length + 2 * MARGIN;
  let path = '';
  rows.forEach((row, y) => {
    for (const run of row.matchAll(/1+/g)) {
      path += `M${run.index + MARGIN} ${y + MARGIN}h${run[0].length}v1h-${run[0].length}z`;
    }
  });
  // Dark on light whatever the page's colours are: many readers know nothing else.
  return s('svg', {
    class: 'qr', viewBox: `0 0 ${side} ${side}`, role: 'img', 'aria-label': label,
    'shape-rendering': 'crispEdges',
  },
  s('rect', { width: side, height: side, fill: '#fff' }),
  s('path', { d: path, fill: '#000' }));
}

/** The text of a code in a picture file; null where there is none. The picture is kept nowhere. */
export async function readCode(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, Math.sqrt(MOST / (picture.width * picture.height)));
  const width = Math.max(1, Math.floor(picture.width * scale));
  const height = Math.max(1, Math.floor(picture.height * scale));
  const field = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  // What is see-through is paper.
  field.fillStyle = '#fff';
  field.fillRect(0, 0, width, height);
  field.drawImage(picture, 0, 0, width, height);
  picture.close();
  const { data } = field.getImageData(0, 0, width, height);
  const grey = new Uint8Array(width * height);
  for (let at = 0; at < grey.length; at++) {
    grey[at] = (data[4 * at] * 77 + data[4 * at + 1] * 150 + data[4 * at + 2] * 29) >> 8;
  }
  const form = new FormData();
  form.append('width', String(width));
  form.append('height', String(height));
  form.append('picture', new Blob([grey]), 'picture');
  return (await api.upload('/api/starling/v1/qr/read', form)).text;
}
