// Light or dark: as the system has it, unless the reader chose.

import { keep, kept } from '../state.js';

/** 'light', 'dark', or null for the system's. */
export const chosen = () => kept('theme');

export function choose(theme) {
  keep('theme', theme);
  draw();
}

export function draw() {
  const theme = chosen();
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}
