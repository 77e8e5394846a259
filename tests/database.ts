import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import { inject } from 'vitest'

/** A fresh, empty database in the shared Postgres, and a client that looks into it. */
export async function createDatabase(): Promise<{
  url: string
  sql: postgres.Sql
  end(): Promise<void>
}> {
  const admin = postgres(inject('postgresUrl'), { max: 1 })
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await admin`create database ${admin(name)}`
  await admin.end()
  const url = new URL(inject('postgresUrl'))
  url.pathname = name
  const sql = postgres(url.href, { max: 1, onnotice: () => {} })
  return { url: url.href, sql, end: () => sql.end() }
}
