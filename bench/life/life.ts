import { DAY, HOUR, later, MINUTE } from '../../src/base/clock.ts';
import { inParallel } from '../../src/keys/sealed-values.ts';
import {
  choiceOf,
  connect,
  type Place,
  renew,
  takeBack,
  turnAccounts,
  viewerOf,
  type Visit,
} from './acts.ts';
import { Agenda } from './agenda.ts';
import type { LivedPeriod } from './alerts.ts';
import type { HouseOfLife } from './house-of-life.ts';
import { MatchingJudge } from './matching.ts';
import { isIn, type Outages } from './outages.ts';
import { type PeriodPlan, type Person, planPeriod } from './person.ts';
import { RefusalJudge } from './refusals.ts';

/** Due instants are met at the quarter of an hour that follows. */
const STEP = 15 * MINUTE;

type Act = 'CONNECT' | 'RENEW' | 'REVOKE_AT_BANK' | 'REVOKE_HERE';

interface Deed {
  readonly act: Act;
  readonly person: Person;
  /** In which period of the consent it was planned. */
  readonly period: number;
  readonly visit: Visit;
}

/** What is known of a person's consent from outside. */
interface Course {
  readonly consentId: string;
  period: number;
  plan: PeriodPlan;
  /** True once they have taken it back at the bank, in this period. */
  revokedAtBank: boolean;
}

type Beginning = Omit<LivedPeriod, 'consentId' | 'zone' | 'overAt'> & { readonly planned: boolean };

/** A crowd that lives with the house from one due instant to the next. */
export class Life {
  readonly #life: HouseOfLife;
  readonly #seed: string;
  readonly #outages: Outages;
  readonly #agenda = new Agenda<Deed>();
  readonly #courses = new Map<number, Course>();
  /** Consents whose new period is still to be looked at. */
  #fresh: { readonly person: Person; readonly consentId: string }[] = [];
  readonly matching = new MatchingJudge();
  readonly refusals = new RefusalJudge();
  readonly periods: Omit<LivedPeriod, 'overAt'>[] = [];
  readonly counts = { connected: 0, renewed: 0, cancelled: 0, revokedAtBank: 0, revokedHere: 0 };

  constructor(life: HouseOfLife, seed: string, people: readonly Person[], outages: Outages) {
    this.#life = life;
    this.#seed = seed;
    this.#outages = outages;
    for (const person of people) {
      this.#agenda.note(person.beginsAt, { act: 'CONNECT', person, period: 0, visit: {} });
    }
  }

  /** Consents that somebody took back at the bank, by their id and period. */
  readonly revokedAtBank = new Set<string>();

  /** Lives until an instant. */
  async until(end: Date): Promise<void> {
    const { clock } = this.#life;
    let restarts = [...this.#outages.restarts].toSorted((a, b) => a.getTime() - b.getTime());
    for (;;) {
      const next = await this.#next();
      if (next === null || next > end) break;
      if (next.getTime() > clock.now()) await clock.setTime(next);
      const due = restarts.filter((at) => at <= next);
      restarts = restarts.slice(due.length);
      if (due.length > 0) {
        await this.#life.restart();
      }
      this.#setTheWorld(next);
      await inParallel(this.#agenda.takeUntil(next), (deed) => this.#do(deed));
      await this.#life.settle();
      await this.#lookAtFresh();
      this.refusals.read(this.#life.simulator, isIn(next, this.#outages.secret));
    }
    if (end.getTime() > clock.now()) await clock.setTime(end);
  }

  /** The quarter of an hour at which something is due; nothing is while everything stands still. */
  async #next(): Promise<Date | null> {
    const instants = [
      this.#agenda.next,
      await this.#life.nextDue(),
      this.#turnOfTheWorld(),
    ].flatMap((at) => (at === null ? [] : [at.getTime()]));
    if (instants.length === 0) return null;
    const first = Math.max(Math.min(...instants), this.#life.clock.now());
    const next = new Date(Math.ceil(first / STEP) * STEP);
    return isIn(next, this.#outages.everything) ? this.#outages.everything.until : next;
  }

  /** When an outage next begins or ends. */
  #turnOfTheWorld(): Date | null {
    const { bank, secret } = this.#outages;
    const now = this.#life.clock.now();
    const turns = [bank.from, bank.until, secret.from, secret.until].filter(
      (at) => at.getTime() > now,
    );
    return turns.toSorted((a, b) => a.getTime() - b.getTime())[0] ?? null;
  }

  #setTheWorld(now: Date): void {
    const { bank, secret } = this.#outages;
    const { simulator } = this.#life;
    simulator.adjust(bank.providerId, { healthy: !isIn(now, bank) });
    simulator.settings.clientSecret = isIn(now, secret) ? 'another' : 'life-secret';
  }

  async #do(deed: Deed): Promise<void> {
    const { person } = deed;
    const now = new Date(this.#life.clock.now());
    // Nobody gets through: they come back tomorrow.
    const { bank, secret } = this.#outages;
    const shut = isIn(now, secret) || (isIn(now, bank) && person.providerId === bank.providerId);
    if (shut) return this.#agenda.note(later(now, DAY), deed);
    const place: Place = { app: this.#life.app, simulator: this.#life.simulator };
    if (deed.act === 'CONNECT') {
      const consentId = await connect(place, person);
      this.counts.connected += 1;
      await this.#beginPeriod(person, consentId);
      return;
    }
    const course = this.#courses.get(person.number);
    if (course === undefined || course.period !== deed.period) return;
    const { consentId } = course;
    const viewerId = viewerOf(person).id;
    const { status } = await place.app.database
      .reader(viewerId)
      .consent.findUniqueOrThrow({ where: { id: consentId } });
    if (status === 'REVOKED') return;
    if (deed.act === 'RENEW') await this.#renew(place, deed, course);
    else if (deed.act === 'REVOKE_HERE') {
      await takeBack(place, person, consentId);
      this.counts.revokedHere += 1;
    } else if (status === 'ACTIVE' || status === 'EXPIRING')
      await this.#revokeAtBank(place, person, course);
  }

  async #renew(place: Place, { person, visit, ...deed }: Deed, course: Course): Promise<void> {
    const { turn } = course.plan;
    if (visit.cancels !== true) turnAccounts(place, person, turn);
    const choice = choiceOf(place, person, turn);
    const renewed = await renew(place, person, course.consentId, { ...visit, ...choice });
    if (!renewed) {
      this.counts.cancelled += 1;
      // They think again.
      const again = later(new Date(this.#life.clock.now()), 6 * HOUR);
      this.#agenda.note(again, { ...deed, person, visit: {} });
      return;
    }
    this.counts.renewed += 1;
    await this.#beginPeriod(person, course.consentId);
  }

  async #revokeAtBank({ app }: Place, person: Person, course: Course): Promise<void> {
    const { credentialsId } = await app.database
      .reader(viewerOf(person).id)
      .consent.findUniqueOrThrow({ where: { id: course.consentId } });
    if (credentialsId === null) return;
    this.#life.simulator.revoke(credentialsId);
    this.counts.revokedAtBank += 1;
    this.revokedAtBank.add(`${course.consentId} ${course.period}`);
  }

  /** Notes what the person will do in a period that has just begun. */
  async #beginPeriod(person: Person, consentId: string): Promise<void> {
    const { rows } = await this.#life.owner.query<{ period: number; days: number }>(
      `select period, round(extract(epoch from ends_at - consented_at) / 86400)::int as days
       from consent where id = $1`,
      [consentId],
    );
    const { period = 1, days = 90 } = rows[0] ?? {};
    const now = new Date(this.#life.clock.now());
    const { accounts, cards } = this.#life.simulator.truth(person.user, person.providerId);
    const keys = [...accounts, ...cards].map(({ key }) => key);
    const plan = planPeriod(this.#seed, person, period, days, keys);
    this.#courses.set(person.number, { consentId, period, plan, revokedAtBank: false });
    this.#fresh.push({ person, consentId });
    const note = (act: Act, after: number | null, visit: Visit = {}) => {
      if (after !== null) this.#agenda.note(later(now, after), { act, person, period, visit });
    };
    note('RENEW', plan.renewsAfter, plan.cancelsFirst ? { cancels: true } : {});
    note('REVOKE_AT_BANK', plan.revokesAtBankAfter);
    if (plan.revokesAtBankAfter !== null && plan.mendsAfter !== null) {
      note('RENEW', plan.revokesAtBankAfter + plan.mendsAfter);
    }
    note('REVOKE_HERE', plan.revokesHereAfter);
  }

  async #lookAtFresh(): Promise<void> {
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const { person, consentId } of fresh) {
      const { rows } = await this.#life.owner.query<Beginning>(
        `select planned_at is not null as planned, period, consented_at as "consentedAt",
           ends_at as "endsAt" from consent where id = $1`,
        [consentId],
      );
      // The bank may not have answered yet.
      const [row] = rows;
      if (row === undefined || !row.planned) {
        this.#fresh.push({ person, consentId });
        continue;
      }
      const { period, consentedAt, endsAt } = row;
      if (person.stays) {
        this.periods.push({ consentId, period, zone: person.zone, consentedAt, endsAt });
      }
      await this.matching.look(this.#life, person.number, consentId);
    }
  }
}
