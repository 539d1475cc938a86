// What changed of posts that are on the page: the node names them, the page asks for them anew.

import * as api from '../api.js';
import { changed, events, removed } from '../state.js';

/** Each gives the ids of the posts that it shows. */
const shown = new Set();
let due = new Set();
let timer = null;

/** As long as the returned thing is not called, posts that `ids()` names are kept as they are. */
export function watch(ids) {
  shown.add(ids);
  return () => shown.delete(ids);
}

events.listen(({ event, payload }) => {
  if (event === 'starling.changed') ask(payload);
  else if (event === 'status.update' && payload?.id) changed.send(payload);
  else if (event === 'delete') removed.send(String(payload), false);
});

function ask(id) {
  due.add(String(id));
  timer ??= setTimeout(fetchThem, 300);
}

async function fetchThem() {
  timer = null;
  const here = new Set([...shown].flatMap((ids) => ids()));
  const ids = [...due].filter((id) => here.has(id)).slice(0, 40);
  due = new Set();
  if (!ids.length) return;
  try {
    const found = await api.get('/api/v1/statuses', { id: ids });
    for (const status of found) changed.send(status);
    const there = new Set(found.map((status) => status.id));
    for (const id of ids) if (!there.has(id)) removed.send(id, false);
  } catch {
    // The next change, or the next look, asks again.
  }
}
