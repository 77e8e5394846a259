import { batch } from './batch.ts'
import type { DayCount, Visits } from './env.ts'
import { createSeen } from './seen.ts'

/** The database port: a tagged template whose values travel as parameters. It may run a text twice. */
export type Sql = <Row>(text: TemplateStringsArray, ...values: unknown[]) => Promise<Row[]>

/** A database driver: its port, and the end of its connections. */
export type Database = { sql: Sql; close(): Promise<void> }

export type VisitsOptions = {
  sql: Sql
  /** HMAC-SHA-256 of the text under the visit key, as hex. */
  mac: (text: string) => string
  /** Days after which a visit loses its hash; the day's total stays. */
  retentionDays: number
  log: (message: string, cause?: unknown) => void
}

/** Someone to count; without `visitor`, someone whom this process has already counted today. */
type Arrival = { day: string; visitor?: string }

/**
 * The visit counter of one process, over a database that many processes share.
 *
 * One statement is in flight at a time and whoever arrives meanwhile shares the next one, so a
 * visit grows cheaper as the load rises. The day's total is a row that the same statement moves by
 * the number of rows it added: nothing is ever counted again.
 */
export function createVisits({ sql, mac, retentionDays, log }: VisitsOptions): Visits {
  const arrive = batch((arrivals: Arrival[]) => whole(() => countAll(arrivals)))
  let seen = createSeen()
  let prepared = false
  let sweptFor = ''

  // The database that answers after a failure may be another one: whoever was counted, whatever
  // was prepared there is unknown. One that lost its tables gets them and is asked once more.
  async function whole<T>(ask: () => Promise<T>): Promise<T> {
    for (let again = true; ; again = false) {
      try {
        if (!prepared) await createTables(sql)
        prepared = true
        return await ask()
      } catch (cause) {
        prepared = false
        seen = createSeen()
        if (!again || (cause as { code?: string }).code !== UNDEFINED_TABLE) throw cause
      }
    }
  }

  async function countAll(arrivals: Arrival[]): Promise<Map<string, number>> {
    const totals = new Map<string, number>()
    for (const [day, group] of Map.groupBy(arrivals, (arrival) => arrival.day)) {
      const visitors = group.flatMap((arrival) => arrival.visitor ?? [])
      totals.set(day, await (visitors.length > 0 ? add(sql, day, visitors) : total(sql, day)))
      sweep(day)
    }
    return totals
  }

  // Once a day and beside the visit, not before it: nobody waits for the broom. Any process sweeps
  // for all, and tomorrow's sweep takes what today's could not.
  function sweep(day: string) {
    if (day <= sweptFor) return
    sweptFor = day
    forget(sql, day, retentionDays).catch((cause) => log('Cannot forget old visits', cause))
  }

  return {
    async count(day, { address, userAgent }) {
      const caller = `${address}\n${userAgent}`
      const known = seen.has(day, caller)
      const totals = await arrive(known ? { day } : { day, visitor: mac(`${day}\n${caller}`) })
      if (!known) seen.add(day, caller)
      return totals.get(day) ?? 0
    },
    days(lastDay, days) {
      return whole(
        () => sql<DayCount>`
          select to_char(day, 'YYYY-MM-DD') as date, coalesce(unique_visits, 0) as unique_visits
          from (
            select ${lastDay}::text::date - generate_series(0, ${days}::int - 1) as day
          ) as calendar
          left join visit_days using (day)
          order by calendar.day`,
      )
    },
    async ping() {
      await sql`select 1`
    },
  }
}

const UNDEFINED_TABLE = '42P01'

// `create table if not exists` from several replicas at once can still clash in the catalogue, and
// it wants the right to create even where there is nothing to do.
async function createTables(sql: Sql): Promise<void> {
  await sql`
    do $$ begin
      if to_regclass('visits') is null or to_regclass('visit_days') is null then
        perform pg_advisory_xact_lock(hashtext('dockerswarmp1 tables'));
        create table if not exists visits (day date, visitor bytea, primary key (day, visitor));
        create table if not exists visit_days (day date primary key, unique_visits int not null);
      end if;
    end $$`
}

/**
 * Adds the visitors (hex) who are new to the day and returns the day's total. Sorted: two processes
 * that insert the same visitors in different orders would lock each other out.
 */
async function add(sql: Sql, day: string, visitors: string[]): Promise<number> {
  const sorted = JSON.stringify(visitors.toSorted())
  const [row] = await sql<{ unique_visits: number }>`
    with added as (
      insert into visits (day, visitor)
      select ${day}::text::date, decode(hex, 'hex')
      from json_array_elements_text(${sorted}::text::json) as hex
      on conflict do nothing
      returning 1
    )
    insert into visit_days (day, unique_visits)
    select ${day}::text::date, n from (select count(*)::int as n from added) as batch where n > 0
    on conflict (day) do update set unique_visits = visit_days.unique_visits + excluded.unique_visits
    returning unique_visits`
  return row?.unique_visits ?? total(sql, day)
}

async function total(sql: Sql, day: string): Promise<number> {
  const [row] = await sql<{ unique_visits: number }>`
    select unique_visits from visit_days where day = ${day}::text::date`
  return row?.unique_visits ?? 0
}

const SWEEP_ROWS = 10_000

// In portions, each well within a query's deadline; several processes at once take different ones.
async function forget(sql: Sql, day: string, retentionDays: number): Promise<void> {
  for (let swept = SWEEP_ROWS; swept === SWEEP_ROWS; ) {
    const [row] = await sql<{ swept: number }>`
      with old as (
        delete from visits where (day, visitor) in (
          select day, visitor from visits
          where day < ${day}::text::date - ${retentionDays}::int
          limit ${SWEEP_ROWS}::int for update skip locked
        ) returning 1
      ) select count(*)::int as swept from old`
    swept = row?.swept ?? 0
  }
}
