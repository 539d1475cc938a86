// A question with answers to choose from, while it is being written.

import { fill, h } from '../dom.js';
import { t } from '../text.js';
import { icon } from './icons.js';

/** How many answers, and of how many letters at most (Protocol/limits.md). */
const MOST = 16;
const LETTERS = 100;
const HOUR = 3600;
const DAY = 24 * HOUR;
const DURATIONS = [HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY, 30 * DAY];

/** {node, value, toggle, clear, isWhole}. `value()` is null while there is no question. */
export function question(start, onChange) {
  let state = start ?? null;
  const node = h('div', { hidden: true });
  const draw = () => {
    fill(node, state ? form() : null);
    node.hidden = !state;
    onChange();
  };
  const form = () => h('fieldset', { class: 'question' },
    h('legend', { class: 'unseen' }, t('compose.poll')),
    h('ol', {}, state.options.map((words, at) => h('li', { class: 'row' },
      h('input', {
        class: 'grow', maxlength: LETTERS, dir: 'auto', '.value': words,
        'aria-label': t('compose.answer', { number: at + 1 }),
        placeholder: t('compose.answer', { number: at + 1 }),
        oninput: (event) => {
          state.options[at] = event.target.value;
        },
      }),
      state.options.length > 2 ? h('button', {
        type: 'button', class: 'round', 'aria-label': t('compose.remove'), onclick: () => {
          state.options.splice(at, 1);
          draw();
        },
      }, icon('close')) : null))),
    h('div', { class: 'row' },
      state.options.length < MOST ? h('button', {
        type: 'button', class: 'button quiet small', onclick: () => {
          state.options.push('');
          draw();
          node.querySelector('li:last-child input').focus();
        },
      }, icon('plus'), t('compose.add')) : null,
      h('label', { class: 'row small' }, t('compose.duration'), duration()),
      h('label', { class: 'check small' }, h('input', {
        type: 'checkbox', '.checked': state.multiple, onchange: (event) => {
          state.multiple = event.target.checked;
        },
      }), t('compose.choose'))));
  const duration = () => {
    const select = h('select', {
      class: 'small-select', onchange: (event) => {
        state.seconds = Number(event.target.value);
      },
    }, DURATIONS.map((seconds) => h('option', { value: seconds }, seconds < DAY
      ? t('compose.hours', { count: seconds / HOUR }) : t('compose.days', { count: seconds / DAY }))));
    select.value = String(state.seconds);
    return select;
  };
  if (state) queueMicrotask(draw);
  return {
    node,
    value: () => state,
    /** Whether it could be asked like this. */
    isWhole: () => !state || state.options.filter((one) => one.trim()).length >= 2,
    toggle() {
      state = state ? null : { options: ['', ''], seconds: DAY, multiple: false };
      draw();
      node.querySelector('input')?.focus();
    },
    clear() {
      state = null;
      draw();
    },
  };
}
