import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { PATIENCE, type Visitor } from './chromium.ts';

/** Opens GraphiQL and waits until its editors show what they begin with. */
export async function openGraphiql(visitor: Visitor, address: string): Promise<Page> {
  const page = await visitor.openPage();
  await page.goto(address);
  await page.getByRole('tab', { name: 'Banks', selected: true }).waitFor();
  await expect.poll(() => textIn(page, 'Operation Editor'), PATIENCE).toContain('query Banks');
  await expect.poll(() => textIn(page, 'Headers'), PATIENCE).toContain('"authorization"');
  return page;
}

/** The names of the tabs, from left to right. */
export function tabNames(page: Page): Promise<string[]> {
  return page.getByRole('tab').getByRole('button').and(page.locator('[title]')).allTextContents();
}

/** Changes to another tab. */
export async function openTab(page: Page, name: string): Promise<void> {
  await page.getByRole('tablist').getByRole('button', { name, exact: true }).click();
  // The address follows once GraphiQL has read the operation.
  await page.waitForURL((url) => url.searchParams.get('query')?.includes(` ${name}(`) === true);
}

/** Presses the run button and gives the answer's data. */
export async function run(page: Page): Promise<any> {
  const [answer] = await Promise.all([
    page.waitForResponse((response) => isOperation(response.request().postData())),
    page.getByRole('button', { name: /^Execute query/ }).click(),
  ]);
  return (await answer.json()).data;
}

// GraphiQL reads the schema by itself, perhaps at the same moment.
function isOperation(body: string | null): boolean {
  return body !== null && !body.includes('IntrospectionQuery');
}

/** The text of an editor, which has hard spaces for soft ones. */
export async function textIn(page: Page, region: string): Promise<string> {
  const text = await page.getByRole('region', { name: region }).innerText();
  return text.replaceAll('\u00a0', ' ');
}
