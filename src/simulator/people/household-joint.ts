import { DAY, HOUR, MINUTE } from '../../base/clock.ts';
import type { Book, Words } from './book.ts';
import { chanceOf } from '../chance.ts';
import { openingMinor, type Household, type LifeMonth } from './household-life.ts';
import { SHARED_MONTHLY } from './household-transfers.ts';
import { lengthOf, startOfDate } from './month.ts';

/**
 * A month of the joint account, which two holders see alike: everything in it comes from the
 * account's own id, nothing from the holder who looks.
 */
export function liveJointMonth(household: Household, life: LifeMonth): void {
  for (const book of life.books.values()) {
    if (book.account.role === 'joint') liveTogether(household, life, book);
  }
}

function liveTogether(household: Household, life: LifeMonth, book: Book): void {
  const { month } = life;
  const { scale, street } = household;
  for (const holder of ['J DOE', 'A DOE']) {
    life.write(book, {
      at: startOfDate(month, 2) + 8 * HOUR,
      minor: SHARED_MONTHLY * 100 * scale,
      words: words(`FROM ${holder}`, 'TRANSFER', 'TFR'),
    });
  }
  for (let date = 1; date <= lengthOf(month); date += 1) {
    const chance = chanceOf(book.account.id, month, date);
    if (!chance.happens(0.5)) continue;
    const start = startOfDate(month, date);
    const [description, merchant] = chance.pick(street.groceries);
    const at = start + chance.whole(9, 20) * HOUR;
    const minor = -Math.round(chance.whole(900, 6400) * scale);
    const bookedAt = start + DAY + chance.whole(60, 330) * MINUTE;
    life.write(book, {
      at,
      bookedAt,
      minor,
      words: { ...words(description, 'PURCHASE', 'DEB'), merchant },
    });
  }
  const { account } = book;
  const opening = openingMinor(household, account, month);
  const lack = openingMinor(household, account, month + 1) - opening - book.totalMinor;
  if (lack === 0) return;
  life.write(book, {
    at: startOfDate(month, 28) + 18 * HOUR,
    minor: lack,
    words: words(lack > 0 ? 'FROM HOLIDAY POT' : 'TO HOLIDAY POT', 'TRANSFER', 'TFR'),
  });
}

function words(description: string, category: string, bankCode: string): Words {
  return { description, category, classification: [], bankCode };
}
