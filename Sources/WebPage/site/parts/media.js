// Pictures, films and sounds of a post. Their place is kept free before they come.

import { h } from '../dom.js';
import { t } from '../text.js';
import { dialog } from './dialog.js';
import { icon } from './icons.js';

export function media(attachments) {
  if (!attachments?.length) return null;
  const pictures = attachments.filter((one) => one.type === 'image');
  const others = attachments.filter((one) => one.type !== 'image');
  return [
    pictures.length ? h('ul', { class: `pictures of-${Math.min(pictures.length, 4)}` },
      pictures.map((one) => h('li', {}, picture(one, pictures.length === 1)))) : null,
    others.map((one) => other(one)),
  ];
}

function shape(one) {
  const { width, height } = one.meta?.original ?? {};
  return width > 0 && height > 0 ? width / height : 16 / 9;
}

function picture(one, isAlone) {
  const words = one.description || t('media.noWords');
  const image = h('img', {
    src: one.preview_url, alt: words, loading: 'lazy', decoding: 'async',
  });
  const button = h('button', {
    type: 'button', class: 'picture', title: one.description || null,
    'aria-label': t('media.open', { words }), onclick: () => look(one),
  }, image);
  if (isAlone) button.style.aspectRatio = String(Math.max(0.75, Math.min(shape(one), 2.4)));
  if (one.description) button.append(h('span', { class: 'alt', 'aria-hidden': 'true' }, 'ALT'));
  image.addEventListener('error', () => absent(button, image, one), { once: true });
  return button;
}

/** A picture that is not here yet: the node has asked its neighbours for it. */
function absent(button, image, one) {
  const box = h('span', { class: 'absent' }, icon('image'), h('span', {}, t('media.coming')));
  image.replaceWith(box);
  const retry = setTimeout(() => {
    if (!box.isConnected) return;
    const next = h('img', { src: `${one.preview_url}?again`, alt: image.alt, decoding: 'async' });
    next.addEventListener('load', () => box.replaceWith(next), { once: true });
  }, 12_000);
  button.addEventListener('click', () => clearTimeout(retry), { once: true });
}

function look(one) {
  dialog(t('media.picture'), h('figure', { class: 'look' },
    h('img', { src: one.url, alt: one.description ?? '' }),
    one.description ? h('figcaption', { dir: 'auto' }, one.description) : null), { kind: 'wide' });
}

function other(one) {
  const words = one.description || '';
  if (one.type === 'video') {
    const node = h('video', {
      class: 'film', controls: true, preload: 'none', src: one.url, 'aria-label': words || null,
      playsinline: true,
    });
    node.style.aspectRatio = String(Math.max(0.6, Math.min(shape(one), 2.4)));
    return h('figure', {}, node, caption(words));
  }
  if (one.type === 'audio') {
    return h('figure', { class: 'sound' },
      h('audio', { controls: true, preload: 'none', src: one.url, 'aria-label': words || null }),
      caption(words));
  }
  return h('p', { class: 'file' }, icon('file'),
    h('a', { href: one.url, download: '' }, words || t('media.file')));
}

function caption(words) {
  return words ? h('figcaption', { class: 'soft small', dir: 'auto' }, words) : null;
}
