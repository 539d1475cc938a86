// The place where a post begins: a line that opens the writing desk.

import { h } from '../dom.js';
import { draft, me } from '../state.js';
import { t } from '../text.js';

export function prompt() {
  const words = h('span', { class: 'clip' });
  const draw = () => {
    const kept = draft('new')?.text;
    words.textContent = kept ? t('compose.goOn', { text: kept.slice(0, 80) }) : t('compose.prompt');
  };
  draw();
  return h('button', {
    type: 'button', class: 'prompt', onclick: async () => {
      await (await import('./composer.js')).write({});
      draw();
    },
  },
  h('img', { class: 'avatar', src: me.get().avatar, alt: '', width: 44, height: 44 }), words);
}
