// The writing desk: new posts, replies, quotes, edits. What was typed survives a reload.

import * as api from '../api.js';
import { bdi, h } from '../dom.js';
import { changed, draft, keep, keepDraft, kept, random, written } from '../state.js';
import { current, parts, t } from '../text.js';
import { attachments } from './attachments.js';
import { dialog } from './dialog.js';
import { icon } from './icons.js';
import { completion } from './mentions.js';
import { post } from './post.js';
import { question } from './question.js';
import { tell, toast } from './toast.js';

/** Bytes of UTF-8 that a post may have (Protocol/limits.md). */
const MOST = 60_000;
const LANGUAGES = ['ar', 'bn', 'cs', 'da', 'de', 'el', 'en', 'es', 'fa', 'fi', 'fr', 'he', 'hi', 'hu',
  'id', 'it', 'ja', 'ko', 'nl', 'no', 'pl', 'pt', 'ro', 'ru', 'sv', 'sw', 'ta', 'th', 'tr', 'uk',
  'ur', 'vi', 'zh'];

/** Opens the desk in a window. */
export async function write(about) {
  const work = await desk(about, () => open.close());
  const open = dialog(title(about), work.node, { kind: 'writing' });
  work.focus();
  await open.closed;
  work.end();
}

function title({ reply, quote, edit }) {
  if (edit) return t('compose.edit');
  if (quote) return t('compose.quote');
  return reply ? parts('compose.reply', { name: bdi(reply.account.display_name) })
    : t('compose.new');
}

function draftKey({ reply, quote, edit }) {
  if (edit) return `edit.${edit.id}`;
  if (quote) return `quote.${quote.id}`;
  return reply ? `reply.${reply.id}` : 'new';
}

/** What the desk begins with: what was left there, or what it is about. */
async function beginning(about) {
  const left = draft(draftKey(about));
  if (left) return left;
  const { reply, edit } = about;
  if (edit) {
    const source = await api.get(`/api/v1/statuses/${edit.id}/source`);
    return {
      text: source.text, warning: source.spoiler_text, media: edit.media_attachments,
      language: edit.language,
    };
  }
  if (reply) {
    return { warning: reply.spoiler_text, language: reply.language };
  }
  return {};
}

/** The desk: {node, focus, end}. `done` is called when the post is out. */
export async function desk(about, done) {
  const { reply, quote, edit } = about;
  const key = draftKey(about);
  const start = await beginning(about);
  let idempotency = start.key ?? random();
  let isOver = false;

  const area = h('textarea', {
    rows: about.isInline ? 1 : 5, 'aria-label': t('compose.text'), placeholder: reply ? t('compose.reply', { name: reply.account.display_name })
      : t('compose.prompt'), dir: 'auto',
    '.value': start.text ?? '', autocapitalize: 'sentences', 'aria-autocomplete': 'list',
  });
  const warning = h('input', {
    'aria-label': t('compose.warningText'), placeholder: t('compose.warningText'), dir: 'auto',
    maxlength: 250, '.value': start.warning ?? '', hidden: !start.warning,
  });
  const files = attachments(start.media ?? [], () => later());
  const poll = question(start.poll, () => later());
  const count = h('span', { class: 'small soft', 'aria-live': 'polite' });
  const state = h('span', { class: 'small soft' });
  const language = languageChoice(start.language);
  const send = h('button', { class: 'button', type: 'submit' },
    t(edit ? 'compose.save' : 'compose.post'));
  const wrong = h('p', { class: 'bad-words', role: 'alert' });

  // Keeping it.

  const content = () => ({
    text: area.value, warning: warning.hidden ? '' : warning.value, media: files.value(),
    poll: poll.value(), language: language.value, key: idempotency,
  });
  const unchanged = JSON.stringify({ ...content(), key: 0 });
  const isEmpty = () => {
    const now = content();
    return JSON.stringify({ ...now, key: 0 }) === unchanged && !draft(key)
      || !now.text.trim() && !now.media.length && !now.poll && !now.warning;
  };
  let timer = null;
  const save = () => {
    clearTimeout(timer);
    timer = null;
    if (isOver) return;
    if (isEmpty()) keepDraft(key, null);
    else if (keepDraft(key, content())) state.textContent = t('compose.kept');
  };
  const later = () => {
    check();
    timer ??= setTimeout(save, 250);
  };
  const check = () => {
    const left = MOST - new TextEncoder().encode(area.value).length;
    count.textContent = left < 0 ? t('compose.tooLong', { count: -left })
      : left < 2000 ? t('compose.bytes', { count: left }) : '';
    count.classList.toggle('bad-words', left < 0);
    const nothing = !area.value.trim() && !files.value().length && !quote;
    send.disabled = left < 0 || nothing || files.isBusy() || !poll.isWhole();
    area.style.height = 'auto';
    area.style.height = `${Math.min(area.scrollHeight + 4, innerHeight * 0.5)}px`;
  };
  addEventListener('pagehide', save);

  // Sending it.

  const submit = async () => {
    if (send.disabled) return;
    wrong.textContent = '';
    send.disabled = true;
    send.textContent = t('compose.sending');
    const now = content();
    const body = {
      status: now.text, spoiler_text: now.warning, language: now.language || null,
      sensitive: Boolean(now.warning), media_ids: now.media.map((one) => one.id),
    };
    try {
      await files.describe();
      if (edit) {
        body.media_attributes = now.media.map(({ id, description }) => ({
          id, description: description ?? '',
        }));
        const status = await api.put(`/api/v1/statuses/${edit.id}`, body);
        finish();
        changed.send(status);
        toast(t('compose.saved'));
      } else {
        const status = await api.post('/api/v1/statuses', {
          ...body, in_reply_to_id: reply?.id, quoted_status_id: quote?.id,
          poll: now.poll ? {
            options: now.poll.options.filter((one) => one.trim()),
            expires_in: now.poll.seconds, multiple: now.poll.multiple,
          } : undefined,
        }, { key: idempotency });
        finish();
        written.send(status);
        if (reply) {
          changed.send({ ...reply, replies_count: reply.replies_count + 1 });
        }
        toast(t('compose.posted'));
      }
      done?.();
    } catch (error) {
      wrong.textContent = error.message;
      if (error.status === undefined) tell(error);
    } finally {
      send.textContent = t(edit ? 'compose.save' : 'compose.post');
      check();
    }
  };
  const finish = () => {
    clearTimeout(timer);
    timer = null;
    keepDraft(key, null);
    keep('language.last', language.value);
    idempotency = random();
    area.value = '';
    warning.value = '';
    warning.hidden = true;
    files.clear();
    poll.clear();
    state.textContent = '';
  };

  const tool = (sign, label, call, more = {}) => h('button', {
    type: 'button', class: 'round', 'aria-label': label, title: label, onclick: call, ...more,
  }, icon(sign));
  const node = h('form', {
    class: 'desk', onsubmit: (event) => {
      event.preventDefault();
      submit();
    }, oninput: later,
  },
  reply && !about.isInline ? subject(reply) : null,
  warning,
  completion(area, later),
  files.node, poll.node,
  quote ? subject(quote) : null,
  wrong,
  h('div', { class: 'desk-foot' },
    h('div', { class: 'row grow tools' },
      tool('image', t('compose.attach'), () => files.choose()),
      edit ? null : tool('poll', t('compose.poll'), () => poll.toggle()),
      tool('warning', t('compose.warning'), () => {
        warning.hidden = !warning.hidden;
        if (!warning.hidden) warning.focus();
        later();
      }, { 'aria-pressed': String(!warning.hidden) }),
      language),
    count,
    h('button', {
      type: 'button', class: 'link soft small', onclick: () => {
        finish();
        check();
        done?.();
      },
    }, t('compose.discard')),
    send),
  h('p', { class: 'small soft row' },
    h('span', { class: 'grow' }, t(edit ? 'compose.editHelp' : 'compose.public')), state));
  node.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit();
  });
  for (const name of ['dragover', 'drop', 'paste']) {
    node.addEventListener(name, (event) => {
      const given = [...(event.clipboardData ?? event.dataTransfer)?.files ?? []];
      if (name === 'dragover' ? !event.dataTransfer?.types.includes('Files') : !given.length) return;
      event.preventDefault();
      if (name !== 'dragover') files.add(given);
    });
  }
  check();
  requestAnimationFrame(check);
  return {
    node,
    focus() {
      area.focus();
      area.setSelectionRange(area.value.length, area.value.length);
      check();
    },
    end() {
      removeEventListener('pagehide', save);
      if (timer) save();
      isOver = true;
    },
  };
}

/** The post that is answered or quoted. */
function subject(status) {
  const { node } = post(status, { isCompact: true, isShown: true });
  node.classList.add('subject');
  return node;
}

function languageChoice(wanted) {
  const names = new Intl.DisplayNames(current(), { type: 'language' });
  const chosen = wanted ?? kept('language.last') ?? current();
  const all = new Set([...LANGUAGES, chosen].filter(Boolean));
  const options = [...all].map((code) => [code, named(names, code)])
    .sort((a, b) => a[1].localeCompare(b[1], current()));
  const select = h('select', { class: 'small-select', 'aria-label': t('compose.language'),
    title: t('compose.language') },
  options.map(([code, name]) => h('option', { value: code }, name)));
  select.value = chosen;
  return select;
}

function named(names, code) {
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}

