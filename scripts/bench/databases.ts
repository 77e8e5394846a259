import postgres from 'postgres'
import { utcDay } from '../../functions/_lib/days.ts'
import { createVisits } from '../../functions/_lib/visits.ts'

/** The day that a run finds: its tables without a row, or with a million of them. */
export type Day = 'empty' | 'million'

export const MILLION = 1_000_000

export type Counts = { rows: number; total: number }

export type Databases = {
  version: string
  /** A new database with such a day, as its URL. */
  create(day: Day): Promise<string>
  /** Undoes what a warm-up wrote. */
  clear(url: string): Promise<unknown>
  /** The day's rows, counted, and the total that the API keeps of them. */
  counts(url: string): Promise<Counts>
  drop(url: string): Promise<void>
  close(): Promise<void>
}

/** One fresh database a run, copied from a template, so that no run inherits another's rows. */
export async function openDatabases(serverUrl: string): Promise<Databases> {
  const admin = open(serverUrl)
  let made = 0
  await makeTemplate('empty', 0)
  await makeTemplate('million', MILLION)
  const [server] = await admin`show server_version`

  async function makeTemplate(name: Day, rows: number) {
    await admin`create database ${admin(name)}`
    const sql = open(urlOf(name))
    await createTables(sql)
    if (rows > 0) await fill(sql, rows)
    await sql`vacuum analyze`
    await sql.end()
  }

  function urlOf(name: string): string {
    return Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href
  }

  return {
    version: `postgres ${server?.server_version}`,
    async create(day) {
      made += 1
      const name = `run_${made}`
      await admin`create database ${admin(name)} template ${admin(day)} strategy file_copy`
      if (day === 'million') await warm(urlOf(name))
      return urlOf(name)
    },
    clear: (url) => once(url, (sql) => sql`truncate visits, visit_days`),
    async counts(url) {
      const [row] = await once(
        url,
        (sql) => sql<Counts[]>`
          select (select count(*)::int from visits where day = ${utcDay(new Date())}) as rows,
            coalesce((select sum(unique_visits)::int from visit_days), 0) as total`,
      )
      if (!row) throw new Error('Cannot count the rows of the day: got no answer')
      return row
    },
    async drop(url) {
      await admin`drop database ${admin(new URL(url).pathname.slice(1))} with (force)`
    },
    close: () => admin.end({ timeout: 1 }),
  }
}

function open(url: string) {
  return postgres(url, { max: 1, onnotice: () => {} })
}

async function once<Result>(
  url: string,
  query: (sql: postgres.Sql) => Promise<Result>,
): Promise<Result> {
  const sql = open(url)
  return query(sql).finally(() => sql.end())
}

// The counter makes its own tables at its first use; asking for a day is such a use.
async function createTables(sql: postgres.Sql): Promise<void> {
  const port = (text: TemplateStringsArray, ...values: unknown[]) =>
    sql(text, ...(values as string[])) as never
  const options = { mac: String, retentionDays: 2, log: console.error }
  await createVisits({ sql: port, ...options }).days(utcDay(new Date()), 1)
}

// Hashes arrive in no order, and so do these: the index is as loose as a day's work leaves it.
async function fill(sql: postgres.Sql, rows: number): Promise<void> {
  const day = utcDay(new Date())
  await sql`
    insert into visits (day, visitor)
    select ${day}, sha256(number::text::bytea) from generate_series(1, ${rows}::int) as number`
  await sql`insert into visit_days (day, unique_visits) values (${day}, ${rows})`
}

// A day that grew to a million rows has its index in memory; a copy of one has not.
async function warm(url: string): Promise<void> {
  await once(url, async (sql) => {
    await sql`set enable_seqscan = off`
    await sql`select count(*) from visits where day = ${utcDay(new Date())}`
  })
}
