// While somebody types @na…, the people whom it could mean.

import * as api from '../api.js';
import { bdi, fill, h } from '../dom.js';
import { avatar, keyChip } from './person.js';

let numbers = 0;

/** A textarea and the list below it. */
export function completion(area, onChange) {
  const name = `people-${++numbers}`;
  const list = h('ul', { id: name, class: 'completion', role: 'listbox', hidden: true });
  let found = [];
  let at = 0;
  let turn = 0;

  const word = () => /(?:^|[\s(])@([\p{L}\p{N}_]{1,30})$/u.exec(
    area.value.slice(0, area.selectionStart))?.[1];
  const close = () => {
    turn += 1;
    found = [];
    list.hidden = true;
    area.removeAttribute('aria-activedescendant');
    area.removeAttribute('aria-controls');
  };
  const draw = () => {
    fill(list, found.map((account, number) => h('li', {
      id: `${name}-${number}`, role: 'option', 'aria-selected': String(number === at),
      onpointerdown: (event) => {
        event.preventDefault();
        take(account);
      },
    }, avatar(account, 24), bdi(account.display_name, { class: 'name' }), keyChip(account))));
    list.hidden = found.length === 0;
    if (found.length) {
      area.setAttribute('aria-controls', name);
      area.setAttribute('aria-activedescendant', `${name}-${at}`);
    }
  };
  const take = (account) => {
    const end = area.selectionStart;
    const begin = end - word().length;
    area.setRangeText(`${account.acct} `, begin, end, 'end');
    close();
    onChange();
  };
  const look = async () => {
    const typed = word();
    if (!typed) return close();
    const mine = ++turn;
    try {
      const all = await api.get('/api/v1/accounts/search', { q: typed, limit: 5 });
      if (mine !== turn) return undefined;
      [found, at] = [all, 0];
      draw();
    } catch {
      close();
    }
    return undefined;
  };
  area.addEventListener('input', look);
  area.addEventListener('blur', close);
  area.addEventListener('keydown', (event) => {
    if (list.hidden || event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      at = (at + step + found.length) % found.length;
      draw();
    } else if (event.key === 'Enter' || event.key === 'Tab') {
      take(found[at]);
    } else if (event.key === 'Escape') {
      close();
      event.stopPropagation();
    } else {
      return;
    }
    event.preventDefault();
  });
  return h('div', { class: 'with-completion' }, area, list);
}
