// Bringing a past along, and taking everything away.

import * as api from '../../api.js';
import { fill, h } from '../../dom.js';
import { choice, during, field, group } from '../../parts/form.js';
import { head } from '../../parts/head.js';
import { bytes, number, t } from '../../text.js';

const IMPORTS = '/api/starling/v1/imports';
const EXPORTS = '/api/starling/v1/exports';

export async function show(params, root) {
  const stop = new AbortController();
  const [[brought], [taken]] = await Promise.all([api.get(IMPORTS), api.get(EXPORTS)]);
  root.append(head(t('settings.moving.title')),
    h('div', { class: 'stack settings' }, importGroup(brought, stop.signal),
      exportGroup(taken, stop.signal)));
  return () => stop.abort();
}

/** Asks how far a piece of work is until it is over. */
async function watch(path, draw, signal) {
  while (!signal.aborted) {
    const [job] = await api.get(path);
    draw(job);
    if (job?.state !== 'running') return;
    await new Promise((done) => setTimeout(done, 500));
  }
}

// MARK: In

function importGroup(last, signal) {
  let service = 'mastodon';
  const file = h('input', { type: 'file', required: true, accept: '.zip,.tar,.gz,.tgz' });
  const bar = h('progress', { max: 1, value: 0, hidden: true, 'aria-label': t('settings.moving.sending') });
  const said = h('div', { role: 'status' });
  const draw = (job) => fill(said, importWords(job));
  const go = h('button', { type: 'submit', class: 'button' }, t('settings.moving.bring'));
  const ask = h('form', {
    class: 'stack', onsubmit: (event) => {
      event.preventDefault();
      during(go, async () => {
        bar.hidden = false;
        fill(said, h('p', {}, t('settings.moving.sending')));
        try {
          await api.send(`${IMPORTS}?service=${service}`, file.files[0], (part) => {
            bar.value = part;
          }, signal);
          ask.reset();
        } catch (error) {
          fill(said, h('p', { class: 'bad-words' }, error.message));
          return;
        } finally {
          bar.hidden = true;
        }
        await watch(IMPORTS, draw, signal);
      });
    },
  },
  choice(t('settings.moving.service'), [
    ['mastodon', 'Mastodon', t('settings.moving.mastodon')],
    ['twitter', 'Twitter, X', t('settings.moving.twitter')],
  ], service, (value) => {
    service = value;
  }),
  field(t('settings.moving.file'), file, t('settings.moving.fileHelp')), bar, said,
  h('div', { class: 'row' }, go));
  draw(last);
  if (last?.state === 'running') watch(IMPORTS, draw, signal).catch(() => {});
  return group(t('settings.moving.in'), h('p', { class: 'soft' }, t('settings.moving.inWhat')), ask);
}

function importWords(job) {
  if (!job) return null;
  if (job.state === 'running') return h('p', {}, t('settings.moving.bringing', { count: job.done }));
  return [
    job.error ? h('p', { class: 'bad-words' }, job.error) : null,
    h('p', {}, h('strong', {}, t('settings.moving.brought', { count: job.done }))),
    h('ul', { class: 'report' }, ['known', 'reposts', 'not_public', 'other']
      .filter((name) => job[name] > 0)
      .map((name) => h('li', {}, t(`settings.moving.left.${name}`, { count: job[name] })))),
  ];
}

// MARK: Out

function exportGroup(last, signal) {
  const said = h('div', { role: 'status' });
  const go = h('button', { type: 'button', class: 'button quiet' }, t('settings.moving.take'));
  const draw = (job) => fill(said, exportWords(job));
  go.addEventListener('click', () => during(go, async () => {
    draw(await api.post(EXPORTS, {}));
    await watch(EXPORTS, draw, signal);
  }));
  draw(last);
  if (last?.state === 'running') watch(EXPORTS, draw, signal).catch(() => {});
  return group(t('settings.moving.out'), h('p', { class: 'soft' }, t('settings.moving.outWhat')), said,
    h('div', { class: 'row' }, go));
}

function exportWords(job) {
  if (!job) return null;
  if (job.state === 'running') return h('p', {}, t('settings.moving.writing', { count: job.done }));
  if (job.error) return h('p', { class: 'bad-words' }, job.error);
  const get = h('button', { type: 'button', class: 'button' }, t('settings.moving.get', {
    size: bytes(job.bytes),
  }));
  get.addEventListener('click', () => during(get, async () => {
    const address = URL.createObjectURL(await api.blob(`${EXPORTS}/${job.id}/file`));
    h('a', { href: address, download: 'starling.zip' }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }));
  return h('div', { class: 'row' },
    h('p', {}, t('settings.moving.written', { count: job.posts, entries: number(job.done) })), get);
}
