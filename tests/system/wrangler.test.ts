import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { root } from '../../scripts/build.ts'
import { createDatabase } from '../database.ts'
import { COMMANDS, startProcess } from '../server.ts'

const wrangler = [...COMMANDS.node, join(root, 'node_modules/wrangler/bin/wrangler.js')]
const variables = {
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_WRITE_LOGS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
}

describe('npx wrangler dev', () => {
  it('serves the page and the functions from wrangler.toml alone', async () => {
    const server = await startProcess([...wrangler, 'dev', '--port', '0', '--cwd', root], variables)
    onTestFinished(() => server.stop())

    const page = await fetch(server.url)
    const visit = await fetch(`${server.url}/api/visit`)

    expect(await page.text()).toContain('<title>dockerswarmp1</title>')
    expect(visit.status).toBe(503)
    expect(await visit.json()).toEqual({ error: 'Database not configured' })
  })

  it('counts visits in the database that it is given', async () => {
    const database = await createDatabase()
    const settings = [`DATABASE_URL:${database.url}`, 'VISIT_SALT:sixteen characters']
    const words = [
      ...settings.flatMap((setting) => ['--var', setting]),
      '--port',
      '0',
      '--cwd',
      root,
    ]
    const server = await startProcess([...wrangler, 'dev', ...words], variables)
    onTestFinished(() => server.stop())

    const visits = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        fetch(`${server.url}/api/visit`, { headers: { 'user-agent': `visitor ${i}` } }),
      ),
    )

    expect(visits.map(({ status }) => status)).toEqual(visits.map(() => 200))
    const [row] = await database.sql`select unique_visits from visit_days`
    expect(row).toEqual({ unique_visits: 50 })
    await database.end()
  })
})
