// The page's own words, in the reader's language. They stand in languages/*.json, nowhere else.

export const languages = { en: 'English', fr: 'Français' };

let words = {};
let language = 'en';
let plurals = new Intl.PluralRules('en');

/** The language that the reader chose, or the first of their browser's that there is. */
export function preferred() {
  const chosen = localStorage.getItem('starling.language');
  if (chosen in languages) return chosen;
  for (const tag of navigator.languages ?? [navigator.language]) {
    const short = tag.toLowerCase().split('-')[0];
    if (short in languages) return short;
  }
  return 'en';
}

/** From now on the page speaks `wanted`, whose words these are. */
export function speak(wanted, given) {
  words = given;
  language = wanted;
  plurals = new Intl.PluralRules(language);
  document.documentElement.lang = language;
}

export function current() {
  return language;
}

/** Keeps a choice of language; null goes back to the browser's. The page then starts anew. */
export function choose(wanted) {
  if (wanted) localStorage.setItem('starling.language', wanted);
  else localStorage.removeItem('starling.language');
  location.reload();
}

function find(key) {
  let at = words;
  for (const part of key.split('.')) at = at?.[part];
  return at;
}

export function has(key) {
  return find(key) !== undefined;
}

/**
 * The words for a key such as 'home.title', with {name} replaced by values. An entry with forms
 * ({"one": …, "other": …}) is chosen by `count`.
 */
export function t(key, values = {}) {
  let entry = find(key);
  if (entry && typeof entry === 'object') {
    entry = entry[plurals.select(values.count ?? 0)] ?? entry.other;
  }
  if (typeof entry !== 'string') return key;
  return entry.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? number(value) : String(value);
  });
}

/**
 * The same as a list of text and nodes, for sentences with a link or a name in them:
 * parts('post.reposted', { name: bdi('Ada') }).
 */
export function parts(key, values = {}) {
  const plain = Object.fromEntries(
    Object.entries(values).filter(([, value]) => !(value instanceof Node)),
  );
  return t(key, plain)
    .split(/(\{\w+\})/)
    .map((part) => values[part.slice(1, -1)] ?? part);
}

export function number(value) {
  return new Intl.NumberFormat(language).format(value);
}

/** As short as it goes: 1.2K. */
export function shortNumber(value) {
  return new Intl.NumberFormat(language, { notation: 'compact' }).format(value);
}

export function bytes(value) {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  let step = 0;
  while (value >= 1000 && step < units.length - 1) [value, step] = [value / 1000, step + 1];
  return new Intl.NumberFormat(language, {
    style: 'unit', unit: units[step], unitDisplay: step ? 'short' : 'long',
    maximumFractionDigits: value < 10 && step ? 1 : 0,
  }).format(value);
}

export function date(value, options = { dateStyle: 'full', timeStyle: 'short' }) {
  return new Intl.DateTimeFormat(language, options).format(new Date(value));
}

const STEPS = [
  ['second', 60], ['minute', 60], ['hour', 24], ['day', 7],
];

/** How long ago, or how far ahead, in the fewest letters; a date from a week on. */
export function ago(value, style = 'narrow') {
  let distance = (new Date(value) - Date.now()) / 1000;
  if (Math.abs(distance) < 45 && distance < 5) return t('time.now');
  for (const [unit, size] of STEPS) {
    if (Math.abs(distance) < size) {
      return new Intl.RelativeTimeFormat(language, { style, numeric: 'always' })
        .format(Math.trunc(distance), unit);
    }
    distance /= size;
  }
  const year = new Date(value).getFullYear() === new Date().getFullYear() ? undefined : 'numeric';
  return date(value, { day: 'numeric', month: 'short', year });
}

/** Letters without case and accents, to compare what was typed. */
export function folded(text) {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase(language);
}
