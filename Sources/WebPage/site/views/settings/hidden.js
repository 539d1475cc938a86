// What the reader hides: people, words, and what lists of labels say. It stays on this node.

import * as api from '../../api.js';
import { bdi, fill, h } from '../../dom.js';
import { dialog } from '../../parts/dialog.js';
import { acting, check, field, form, group } from '../../parts/form.js';
import { head } from '../../parts/head.js';
import { personPath, personRow } from '../../parts/person.js';
import { toast } from '../../parts/toast.js';
import { date, parts, t } from '../../text.js';

const FILTERS = '/api/v2/filters';
const CONTEXTS = ['home', 'notifications', 'public', 'thread', 'account'];

export async function show(params, root) {
  root.append(head(t('settings.hidden.title')));
  const [filters, lists] = await Promise.all([
    api.get(FILTERS), api.get('/api/starling/v1/labels'),
  ]);
  const muted = people('/api/v1/mutes', 'unmute');
  const blocked = people('/api/v1/blocks', 'unblock');
  root.append(h('div', { class: 'stack settings' },
    h('p', {}, t('settings.hidden.what')),
    group(t('settings.hidden.muted'), muted),
    group(t('settings.hidden.blocked'), blocked),
    filterGroup(filters),
    labelGroup(lists)));
}

// MARK: People

function people(path, verb) {
  const source = api.pages(path, { limit: 40 });
  const list = h('ul', {});
  const foot = h('p', { class: 'soft' });
  const more = async () => {
    const found = await source.next();
    list.append(...found.map((account) => {
      const row = personRow(account,
        account.mute_expires_at ? h('span', { class: 'soft small' },
          t('settings.hidden.until', { date: date(account.mute_expires_at,
            { dateStyle: 'medium' }) })) : null,
        acting(t(`settings.hidden.${verb}`), async () => {
          await api.post(`/api/v1/accounts/${account.id}/${verb}`);
          row.remove();
          draw();
        }, { 'aria-label': t(`person.${verb}`, { name: account.display_name }) }));
      return row;
    }));
    draw();
  };
  const draw = () => {
    fill(foot, list.childElementCount ? null : t('settings.hidden.nobody'),
      source.isOver ? null : h('button', { type: 'button', class: 'link', onclick: more },
        t('list.more')));
  };
  more().catch((error) => fill(foot, error.message));
  return [list, foot];
}

// MARK: Words

function filterGroup(filters) {
  const list = h('ul', { class: 'lines' });
  const none = h('p', { class: 'soft' }, t('settings.hidden.noFilters'));
  const draw = () => {
    none.hidden = filters.length > 0;
    fill(list, filters.map((one) => h('li', { class: 'line' },
      h('div', { class: 'grow' },
        h('p', { class: 'line-title' }, bdi(one.title)),
        h('p', { class: 'soft small' }, one.keywords.map((word, at) => [
          at ? ', ' : null, bdi(`“${word.keyword}”`)])),
        h('p', { class: 'soft small' },
          t(one.filter_action === 'hide' ? 'settings.hidden.gone' : 'settings.hidden.asLine'),
          one.expires_at ? ` · ${t('settings.hidden.until', { date: date(one.expires_at,
            { dateStyle: 'medium', timeStyle: 'short' }) })}` : null)),
      h('div', { class: 'row' },
        h('button', { type: 'button', class: 'button quiet small', onclick: () => open(one) },
          t('settings.hidden.change')),
        acting(t('action.remove'), async () => {
          await api.del(`${FILTERS}/${one.id}`);
          filters = filters.filter((other) => other !== one);
          draw();
        }, { 'aria-label': t('settings.hidden.removeName', { name: one.title }) })))));
  };
  const open = (old) => filterDialog(old, (saved) => {
    filters = old ? filters.map((one) => (one === old ? saved : one)) : [...filters, saved];
    draw();
  });
  draw();
  return group(t('settings.hidden.filters'),
    h('p', { class: 'soft' }, t('settings.hidden.filtersWhat')), none, list,
    h('p', {}, h('button', {
      type: 'button', class: 'button quiet small', onclick: () => open(null),
    }, t('settings.hidden.filterAdd'))));
}

function filterDialog(old, done) {
  const title = h('input', { '.value': old?.title ?? '', required: true });
  const text = h('textarea', {
    rows: 4, required: true, '.value': old?.keywords.map((one) => one.keyword).join('\n') ?? '',
  });
  const whole = check(t('settings.hidden.whole'), old ? old.keywords.every((one) => one.whole_word)
    : true);
  const hide = check(t('settings.hidden.hideAll'), old?.filter_action === 'hide');
  const ends = h('select', {},
    [['', 'forever'], ['86400', 'day'], ['604800', 'week'], ['2592000', 'month']]
      .map(([value, name]) => h('option', { value }, t(`settings.hidden.${name}`))));
  const where = CONTEXTS.map((name) => ({
    name, ...check(t(`settings.hidden.in.${name}`), old ? old.context.includes(name) : true),
  }));
  const open = dialog(t(old ? 'settings.hidden.change' : 'settings.hidden.filterAdd'),
    form([
      field(t('settings.hidden.filterName'), title),
      field(t('settings.hidden.words'), text, t('settings.hidden.wordsHelp')),
      whole.node,
      h('fieldset', { class: 'field' }, h('legend', {}, t('settings.hidden.where')),
        where.map((one) => one.node)),
      field(t('settings.hidden.ends'), ends), hide.node,
    ], t('action.save'), async () => {
      const wanted = [...new Set(text.value.split('\n').map((one) => one.trim()).filter(Boolean))];
      const kept = old?.keywords ?? [];
      const body = {
        title: title.value.trim(), filter_action: hide.box.checked ? 'hide' : 'warn',
        context: where.filter((one) => one.box.checked).map((one) => one.name),
        keywords_attributes: [
          ...wanted.map((keyword) => {
            const known = kept.find((one) => one.keyword === keyword);
            return { ...(known ? { id: known.id } : {}), keyword, whole_word: whole.box.checked };
          }),
          ...kept.filter((one) => !wanted.includes(one.keyword))
            .map((one) => ({ id: one.id, _destroy: true })),
        ],
        ...(ends.value || !old ? { expires_in: ends.value || null } : {}),
      };
      const saved = old ? await api.put(`${FILTERS}/${old.id}`, body)
        : await api.post(FILTERS, body);
      open.close();
      done(saved);
    }));
}

// MARK: Labels

function labelGroup(lists) {
  const none = h('p', { class: 'soft' }, t('settings.hidden.noLabels'));
  none.hidden = lists.length > 0;
  return group(t('settings.hidden.labels'),
    h('p', { class: 'soft' }, t('settings.hidden.labelsWhat')), none,
    h('ul', { class: 'lines' }, lists.map((one) => {
      const row = h('li', { class: 'line' },
        h('div', { class: 'grow' }, labelWords(one),
          h('p', { class: 'soft small' }, parts('settings.hidden.labelsBy', {
            name: h('a', { href: personPath(one.publisher) }, bdi(one.publisher.username)),
          }))),
        acting(t('settings.hidden.labelsLeave'), async () => {
          await chooseLabels(one, false);
          row.remove();
        }));
      return row;
    })));
}

/** A list's name, what it is about, and all that it says. */
export function labelWords(list) {
  return [
    h('p', { class: 'line-title' }, bdi(list.name)),
    list.description ? h('p', { class: 'soft small' }, bdi(list.description)) : null,
    h('details', {},
      h('summary', {}, t('settings.hidden.entries', { count: list.entries.length })),
      h('ul', { class: 'entries' }, list.entries.slice(0, 500).map((entry) => h('li', {},
        h('strong', {}, bdi(entry.label)), ' ',
        entry.account
          ? h('a', { href: personPath(entry.account) }, bdi(entry.account.username))
          : h('span', { class: 'mono small' }, entry.address),
        entry.reason ? [': ', bdi(entry.reason)] : null)))),
  ];
}

export async function chooseLabels(list, isOn) {
  const path = `/api/starling/v1/accounts/${list.publisher.id}/labels`;
  if (isOn) await api.post(path, { name: list.name });
  else await api.del(path, { name: list.name });
  toast(t(isOn ? 'settings.hidden.labelsOn' : 'settings.hidden.labelsOff', { name: list.name }));
}

