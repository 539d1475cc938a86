// A list of things to do, which opens below its button (WAI-ARIA: menu button).

import { h } from '../dom.js';
import { icon } from './icons.js';

/**
 * A button that opens a menu. `items` gives, each time anew, [{label, sign, call, href, isBad}];
 * null among them is left out, '-' is a line.
 */
export function menuButton(label, content, items, props = {}) {
  const button = h('button', {
    type: 'button', 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'aria-label': label,
    title: label, onclick: () => open(button, items()), ...props,
  }, content);
  button.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') {
      event.preventDefault();
      open(button, items());
    }
  });
  return button;
}

function open(button, items) {
  const list = h('div', { class: 'menu', role: 'menu', popover: 'auto' },
    items.map((item) => {
      if (!item) return null;
      if (item === '-') return h('div', { class: 'menu-line', role: 'separator' });
      const content = [icon(item.sign), h('span', {}, item.label)];
      const props = {
        role: item.isOn === undefined ? 'menuitem' : 'menuitemradio', tabindex: '-1',
        class: item.isBad ? 'bad' : '',
        'aria-checked': item.isOn === undefined ? null : String(item.isOn),
      };
      if (item.href) {
        return h('a', { href: item.href, ...props, onclick: () => list.hidePopover() }, content);
      }
      return h('button', {
        type: 'button', ...props, onclick: () => {
          list.hidePopover();
          item.call();
        },
      }, content);
    }));
  button.after(list);
  button.setAttribute('aria-expanded', 'true');
  list.addEventListener('toggle', ({ newState }) => {
    if (newState !== 'closed') return;
    button.setAttribute('aria-expanded', 'false');
    const hadFocus = list.contains(document.activeElement);
    list.remove();
    if (hadFocus || document.activeElement === document.body) button.focus();
  });
  list.addEventListener('keydown', (event) => move(event, list));
  list.showPopover();
  place(list, button);
  list.querySelector('[role^="menuitem"]')?.focus();
}

/** Below the button, or above where there is no room; always within the window. */
function place(list, button) {
  const at = button.getBoundingClientRect();
  const { width, height } = list.getBoundingClientRect();
  const isBelow = at.bottom + height + 8 < innerHeight || at.top < height;
  list.style.top = `${isBelow ? at.bottom + 4 : at.top - height - 4}px`;
  list.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
}

function move(event, list) {
  const all = [...list.querySelectorAll('[role^="menuitem"]')];
  const at = all.indexOf(document.activeElement);
  const to = {
    ArrowDown: (at + 1) % all.length, ArrowUp: (at + all.length - 1) % all.length,
    Home: 0, End: all.length - 1,
  }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    all[to].focus();
  } else if (event.key === 'Tab') {
    list.hidePopover();
  } else if (event.key.length === 1 && /\S/.test(event.key)) {
    const next = [...all.slice(at + 1), ...all].find((one) => (
      one.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase())));
    next?.focus();
  }
  event.stopPropagation();
}
