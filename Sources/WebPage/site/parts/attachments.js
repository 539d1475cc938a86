// Pictures, films and sounds of a post that is being written.

import * as api from '../api.js';
import { fill, h } from '../dom.js';
import { t } from '../text.js';
import { icon } from './icons.js';
import { tell } from './toast.js';

/** How many a post may have (Protocol/limits.md). */
const MOST = 16;

/** A list of attachments: {node, choose, add, value, describe, clear, isBusy}. */
export function attachments(start, onChange) {
  let all = start.map((one) => ({ ...one, said: one.description ?? '' }));
  let busy = 0;
  const list = h('ul', { class: 'attachments' });
  const notice = h('p', { class: 'small soft' });
  const input = h('input', {
    type: 'file', multiple: true, accept: 'image/*,video/*,audio/*', hidden: true,
    onchange: () => {
      add([...input.files]);
      input.value = '';
    },
  });
  const node = h('div', {}, list, notice, input);

  const draw = () => {
    fill(list, all.map((one, at) => row(one, at)),
      busy ? h('li', { class: 'soft', role: 'status' }, t('compose.uploading')) : null);
    node.hidden = !all.length && !busy;
    warn();
    onChange();
  };
  const warn = () => {
    const missing = all.filter((one) => !one.description?.trim()).length;
    notice.textContent = missing ? t('compose.altMissing', { count: missing }) : '';
  };
  const row = (one, at) => h('li', { class: 'attachment' },
    one.type === 'image'
      ? h('img', { src: one.preview_url, alt: '', width: 88, height: 88 })
      : h('span', { class: 'kind' }, icon('file')),
    h('textarea', {
      rows: 2, maxlength: 1000, dir: 'auto', placeholder: t('compose.alt'),
      'aria-label': t('compose.altFor', { number: at + 1 }), '.value': one.description ?? '',
      oninput: (event) => {
        one.description = event.target.value;
        warn();
      },
    }),
    h('button', {
      type: 'button', class: 'round', 'aria-label': t('compose.remove'), onclick: () => {
        all = all.filter((other) => other !== one);
        draw();
      },
    }, icon('close')));

  const add = async (files) => {
    for (const file of files.slice(0, MOST - all.length)) {
      busy += 1;
      draw();
      try {
        const form = new FormData();
        form.append('file', file);
        all.push({ ...await api.upload('/api/v2/media', form), said: '' });
      } catch (error) {
        tell(error);
      } finally {
        busy -= 1;
        draw();
      }
    }
  };

  // What was uploaded long ago for a draft may be gone.
  for (const one of start) {
    if (!one.isDraft) continue;
    api.get(`/api/v1/media/${one.id}`).catch((error) => {
      if (error.status !== 404) return;
      all = all.filter((other) => other.id !== one.id);
      draw();
    });
  }
  queueMicrotask(draw);
  return {
    node, add,
    choose: () => input.click(),
    isBusy: () => busy > 0,
    value: () => all.map(({ id, type, preview_url: url, description, said }) => ({
      id, type, preview_url: url, description, said, isDraft: true,
    })),
    /** Tells the node what was written about each. */
    async describe() {
      for (const one of all) {
        const words = one.description ?? '';
        if (words === one.said) continue;
        try {
          await api.put(`/api/v1/media/${one.id}`, { description: words });
          one.said = words;
        } catch (error) {
          // Of a post that is edited, the description goes with the post.
          if (error.status !== 404) throw error;
        }
      }
    },
    clear() {
      all = [];
      draw();
    },
  };
}
