// What an edited post said before.

import * as api from '../api.js';
import { h } from '../dom.js';
import { date, t } from '../text.js';
import { dialog } from './dialog.js';
import { rich } from './rich.js';

export async function history(it) {
  const versions = await api.get(`/api/v1/statuses/${it.id}/history`);
  dialog(t('post.historyTitle'), h('ol', { class: 'stack versions' },
    versions.toReversed().map((version) => h('li', {},
      h('p', { class: 'soft small' }, date(version.created_at)),
      version.spoiler_text ? h('p', { dir: 'auto' }, h('strong', {}, version.spoiler_text)) : null,
      h('div', { class: 'post-text' }, rich(version.content)),
      version.media_attachments.length ? h('p', { class: 'soft small' },
        t('post.media', { count: version.media_attachments.length })) : null))));
}
