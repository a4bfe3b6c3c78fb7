/** axe-core over a page, and what it takes serious. */
import assert from 'node:assert/strict';

import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Evaluated from outside, so the page's content security policy stays as it is. */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<{ readonly violations: readonly Violation[] }>('axe.run(document)');
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const report = serious.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n  ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('\n  ')}`,
  );
  assert.deepEqual(report, [], what);
}
