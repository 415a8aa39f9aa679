import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const TABS_MAX = 60;

/** What a person can reach by Tab. */
export type Role = 'button' | 'checkbox' | 'combobox' | 'searchbox' | 'textbox';

/** Waits for the page with this title, and sees that it fits its window. */
export async function arriveAt(page: Page, title: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
  expect(await page.title()).toBe(title);
  const width = await page.evaluate<number>('document.documentElement.scrollWidth');
  expect(width).toBe(page.viewportSize()?.width);
}

/** Presses Tab until the wanted element has the focus. */
export async function goTo(page: Page, role: Role, name: string | RegExp): Promise<void> {
  const wanted = page.getByRole(role, { name, exact: true });
  const focused = page.locator(':focus').and(wanted);
  for (let tabs = 0; tabs < TABS_MAX; tabs += 1) {
    await page.keyboard.press('Tab');
    if ((await focused.count()) === 1) return;
  }
  throw new Error(`Tab never reaches the ${role} ${String(name)} on ${await page.title()}`);
}

/** Goes there by Tab and presses Enter. */
export async function press(page: Page, role: Role, name: string): Promise<void> {
  await goTo(page, role, name);
  await page.keyboard.press('Enter');
}

/** Goes there by Tab and types. */
export async function write(page: Page, role: Role, name: string, text: string): Promise<void> {
  await goTo(page, role, name);
  await page.keyboard.type(text);
}
