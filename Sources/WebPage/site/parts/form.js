// Forms: fields with their names, groups of them, and what happens while the node is asked.

import { h } from '../dom.js';
import { tell } from './toast.js';

let numbers = 0;

/** A control with its name above and a word of help below. */
export function field(label, control, help) {
  const id = control.id || `field-${++numbers}`;
  control.id = id;
  if (help) control.setAttribute('aria-describedby', `${id}-help`);
  return h('div', { class: 'field' },
    h('label', { for: id }, label), control,
    help ? h('p', { id: `${id}-help`, class: 'soft small' }, help) : null);
}

/** A part of a page of settings, with a heading. */
export function group(title, ...content) {
  const id = `group-${++numbers}`;
  return h('section', { class: 'card group', 'aria-labelledby': id },
    h('h2', { id }, title), content);
}

/** One of several: [[value, label, help], …]. */
export function choice(legend, options, value, onchange) {
  const name = `choice-${++numbers}`;
  return h('fieldset', { class: 'field choice-list' },
    h('legend', {}, legend),
    options.map(([one, label, help]) => h('label', { class: 'choice' },
      h('input', {
        type: 'radio', name, value: one ?? '', '.checked': one === value,
        onchange: () => onchange(one),
      }),
      h('span', {}, label, help ? h('span', { class: 'soft small block' }, help) : null))));
}

export function check(label, isOn, onchange) {
  const box = h('input', {
    type: 'checkbox', '.checked': isOn, onchange: () => onchange?.(box.checked),
  });
  return { box, node: h('label', { class: 'check' }, box, h('span', {}, label)) };
}

/** A button that asks the node: pressed once at a time; an error is told. */
export function acting(label, act, props = {}) {
  const button = h('button', {
    type: 'button', class: 'button quiet small', ...props,
    onclick: () => during(button, act),
  }, label);
  return button;
}

export async function during(button, act) {
  if (button.getAttribute('aria-disabled') === 'true') return;
  button.setAttribute('aria-disabled', 'true');
  try {
    await act();
  } catch (error) {
    tell(error);
  } finally {
    button.removeAttribute('aria-disabled');
  }
}

/** A form with one button at its end. What went wrong stands above it. */
export function form(content, label, act, props = {}) {
  const wrong = h('p', { class: 'bad-words', role: 'alert' });
  const button = h('button', { type: 'submit', class: 'button' }, label);
  return h('form', {
    class: 'stack', ...props, onsubmit: (event) => {
      event.preventDefault();
      wrong.textContent = '';
      during(button, async () => {
        try {
          await act();
        } catch (error) {
          if (error.status === undefined) throw error;
          wrong.textContent = error.message;
        }
      });
    },
  }, content, wrong, h('div', { class: 'row' }, button));
}
