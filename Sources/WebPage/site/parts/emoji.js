// Choosing an emoji: the common ones, or any other.

import { h } from '../dom.js';
import { keep, kept } from '../state.js';
import { t } from '../text.js';
import { dialog } from './dialog.js';

const COMMON = [
  '⭐', '❤️', '👍', '😂', '🎉', '🙏', '😮', '😢', '😍', '🤔', '👏', '🔥', '💯', '😊', '😅', '🥰', '😎', '🤗',
  '😭', '😡', '🙄', '😴', '🤯', '🥳', '👀', '👋', '💪', '🤝', '👎', '✅', '❌', '❓', '💡', '🎵', '📚', '☕',
  '🍕', '🌱', '🌻', '🌍', '☀️', '🌈', '❄️', '🐦', '🐈', '🐕', '🦋', '🚀', '🚲', '🏡', '💚', '💙', '💜', '🖤',
];
const RECENT = 9;

/** A promise of the emoji that was chosen; undefined for none. */
export async function pick() {
  const recent = kept('emoji', []).filter((one) => typeof one === 'string').slice(0, RECENT);
  const all = [...new Set([...recent, ...COMMON])];
  const button = (emoji) => h('button', {
    type: 'button', class: 'pick', onclick: () => open.close(emoji),
  }, emoji);
  const other = h('input', {
    id: 'emoji-other', maxlength: 16, autocomplete: 'off', class: 'grow', size: 4,
  });
  const open = dialog(t('emoji.title'), [
    h('div', { class: 'picks' }, all.map(button)),
    h('form', {
      class: 'row', onsubmit: (event) => {
        event.preventDefault();
        if (other.value.trim()) open.close(other.value.trim());
      },
    },
    h('label', { for: 'emoji-other' }, t('emoji.any')), other,
    h('button', { class: 'button small', type: 'submit' }, t('emoji.set'))),
  ], { kind: 'small' });
  const chosen = await open.closed;
  if (chosen) keep('emoji', [chosen, ...recent.filter((one) => one !== chosen)].slice(0, RECENT));
  return chosen;
}
